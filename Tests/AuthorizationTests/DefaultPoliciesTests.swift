import Authorization
import Foundation
import Logging
import OsloPolicy
import Testing

/// The built-in rules as the personas of the service meet them.
@Suite struct DefaultPoliciesTests {
    enum Persona: String, CaseIterable {
        case reader, member, admin, service

        /// Credentials as Keystone issues them, where each role implies the lesser ones.
        var credentials: PolicyCredentials {
            let roles =
                switch self {
                case .reader: ["reader"]
                case .member: ["member", "reader"]
                case .admin: ["admin", "manager", "member", "reader"]
                case .service: ["service"]
                }
            return ["roles": .list(roles), "project_id": .string("mine"), "user_id": .string("me")]
        }
    }

    private func who(_ rule: PolicyRule, _ target: PolicyTarget, newDefaults: Bool = true) async throws -> [Persona] {
        let enforcer = try Enforcer(
            defaults: DefaultPolicies.rules, policyFile: nil, policyDirectories: [], enforceNewDefaults: newDefaults,
            logger: Logger(label: "test"))
        var allowed: [Persona] = []
        for persona in Persona.allCases
        where await enforcer.allows(rule.rawValue, target: target, credentials: persona.credentials) {
            allowed.append(persona)
        }
        return allowed
    }

    private static func image(owner: String, visibility: String = "private", member: String? = nil) -> PolicyTarget {
        var facts: [String: PolicyValue] = [
            "project_id": .string(owner), "owner": .string(owner), "visibility": .string(visibility),
        ]
        if let member { facts["member_id"] = .string(member) }
        return PolicyTarget(facts)
    }

    private static let own: [(PolicyRule, [Persona])] = [
        (.getImage, [.reader, .member, .admin]), (.getImages, [.reader, .member, .admin]),
        (.addImage, [.member, .admin]), (.modifyImage, [.member, .admin]), (.deleteImage, [.member, .admin]),
        (.uploadImage, [.member, .admin]), (.downloadImage, [.member, .admin]),
        (.downloadFromStore, [.member, .admin]), (.communitizeImage, [.member, .admin]),
        (.publicizeImage, [.admin]), (.getImageLocation, [.reader, .member, .admin]),
        (.setImageLocation, [.member, .admin]), (.deleteImageLocation, [.admin]),
        (.addImageLocation, [.member, .admin, .service]), (.fetchImageLocation, [.admin, .service]),
        (.addMember, [.member, .admin]), (.deleteMember, [.member, .admin]),
        (.getMembers, [.reader, .member, .admin]), (.modifyMember, [.admin]),
        (.deactivate, [.member, .admin]), (.reactivate, [.member, .admin]), (.copyImage, [.admin]),
        (.storesInfoDetail, [.admin, .service]), (.tasksAPIAccess, [.admin]),
        (.getTask, Persona.allCases), (.manageImageCache, [.admin]), (.cacheList, [.admin]),
        (.cachePrune, [.admin]), (.listCachedNodes, [.admin]), (.contextIsAdmin, [.admin]),
        (.getMetadefNamespace, [.reader, .member, .admin]),
        (.listMetadefResourceTypes, [.reader, .member, .admin]),
        (.addMetadefTags, [.admin]),
    ]

    @Test(arguments: own)
    func inTheOwnProject(rule: PolicyRule, expected: [Persona]) async throws {
        #expect(try await who(rule, Self.image(owner: "mine")) == expected)
    }

    private static let others: [(PolicyRule, String, [Persona])] = [
        (.getImage, "private", []), (.getImage, "public", [.reader, .member]),
        (.getImage, "community", [.reader, .member]), (.getImage, "shared", [.reader, .member]),
        (.downloadImage, "private", []), (.downloadImage, "public", [.member]), (.modifyImage, "public", []),
        (.deleteImage, "community", []), (.getMembers, "shared", []),
        (.getMetadefObjects, "public", [.reader, .member]), (.getMetadefObjects, "private", []),
        (.getMetadefNamespaces, "public", []),
    ]

    @Test(arguments: others)
    func ofOtherProjects(rule: PolicyRule, visibility: String, expected: [Persona]) async throws {
        let target = Self.image(owner: "theirs", visibility: visibility)
        #expect(try await who(rule, target) == expected + [.admin])
    }

    @Test func sharedWithTheCaller() async throws {
        let image = Self.image(owner: "theirs", visibility: "shared", member: "mine")
        #expect(try await who(.modifyMember, image) == [.member, .admin])
        #expect(try await who(.getMember, image) == [.reader, .member, .admin])
        #expect(try await who(.addMember, image) == [.admin])
    }

    /// What Glance 33 does with an administrator's token for the system or a domain: nothing is a project's but by a
    /// token for a project.
    @Test(arguments: [("system_scope", "all"), ("domain_id", "default")])
    func otherScopesThanProjectsOpenNothing(fact: String, value: String) async throws {
        let enforcer = try Enforcer(
            defaults: DefaultPolicies.rules, policyFile: nil, policyDirectories: [], enforceNewDefaults: true,
            logger: Logger(label: "test"))
        let roles: PolicyValue = .list(["admin", "manager", "member", "reader", "service"])
        let credentials: PolicyCredentials = ["roles": roles, "project_id": .null, fact: .string(value)]
        var open: [String] = []
        for rule in DefaultPolicies.rules
        where await enforcer.allows(
            rule.name, target: Self.image(owner: "theirs", visibility: "public"), credentials: credentials)
        { open.append(rule.name) }
        #expect(open == ["default", "context_is_admin", "service_api", "metadef_default", "metadef_admin"])
    }

    @Test func legacyDefaultsLetEverybodyTry() async throws {
        let image = Self.image(owner: "theirs")
        #expect(try await who(.getImage, image, newDefaults: false) == Persona.allCases)
        #expect(try await who(.publicizeImage, image, newDefaults: false) == [.admin])
        #expect(try await who(.addMetadefObject, image, newDefaults: false) == [.admin])
        #expect(try await who(.getMetadefObject, image, newDefaults: false) == Persona.allCases)
    }

    @Test func everyRuleIsDefinedOnceAndDescribed() {
        let names = DefaultPolicies.rules.map(\.name)
        #expect(names == PolicyRule.allCases.map(\.rawValue))
        #expect(names.count == 67)
        #expect(DefaultPolicies.rules.allSatisfy { !$0.summary.isEmpty })
    }

    private static let sample = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "etc/policy.yaml.sample")

    /// `WRITE_SAMPLES=1` in the environment writes the file anew.
    @Test func sampleIsUpToDate() throws {
        let text = PolicySample(DefaultPolicies.rules).text
        if ProcessInfo.processInfo.environment["WRITE_SAMPLES"] == "1" {
            try text.write(to: Self.sample, atomically: true, encoding: .utf8)
        }
        let isCurrent = try String(contentsOf: Self.sample, encoding: .utf8) == text
        #expect(isCurrent, "etc/policy.yaml.sample is out of date: run this test with WRITE_SAMPLES=1")
    }

    /// As it is, the sample sets nothing; with the rules uncommented it sets what holds anyway.
    @Test(arguments: [false, true])
    func sampleIsAPolicyFile(isUncommented: Bool) async throws {
        var lines = try String(contentsOf: Self.sample, encoding: .utf8).split(separator: "\n")
        let rules = lines.filter { $0.hasPrefix("#\"") }
        #expect(rules.count == DefaultPolicies.rules.count)
        #expect(lines.allSatisfy { $0.hasPrefix("#") })
        if isUncommented { lines = rules.map { $0.dropFirst() } }
        let file = FileManager.default.temporaryDirectory.appending(path: "policy-\(UUID()).yaml")
        try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        func enforcer(_ file: String?, _ defaults: [RuleDefault]) throws -> Enforcer {
            try Enforcer(
                defaults: defaults, policyFile: file, policyDirectories: [], enforceNewDefaults: true,
                logger: Logger(label: "test"))
        }
        let builtIn = try enforcer(nil, DefaultPolicies.rules)
        // Without built-in rules, what an uncommented file says is all there is.
        let fromFile = try enforcer(file.path, isUncommented ? [] : DefaultPolicies.rules)
        for rule in DefaultPolicies.rules {
            for persona in Persona.allCases {
                for target in [Self.image(owner: "mine"), Self.image(owner: "theirs", visibility: "public")] {
                    let expected = await builtIn.allows(rule.name, target: target, credentials: persona.credentials)
                    let allowed = await fromFile.allows(rule.name, target: target, credentials: persona.credentials)
                    #expect(allowed == expected, "\(rule.name) for a \(persona)")
                }
            }
        }
    }
}
