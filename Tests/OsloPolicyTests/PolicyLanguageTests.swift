import Logging
import Testing

@testable import OsloPolicy

@Suite struct PolicyLanguageTests {
    /// Decides `expression` among a few helping rules.
    private static func holds(
        _ expression: String, _ credentials: PolicyCredentials = [:], _ target: PolicyTarget = [:],
        remoteCheck: RemoteCheck? = nil
    ) async throws -> Bool {
        let rules = [
            ("yes", "@"), ("no", "!"), ("reader", "role:reader"), ("default", "role:member"), ("x", expression),
        ]
        let enforcer = try Enforcer(
            defaults: rules.map { RuleDefault($0.0, $0.1, "") }, policyFile: nil, policyDirectories: [],
            enforceNewDefaults: true, remoteCheck: remoteCheck, logger: Logger(label: "test"))
        return await enforcer.allows("x", target: target, credentials: credentials)
    }

    @Test(arguments: [
        ("", true), ("@", true), ("!", false), ("not !", true), ("NOT not @", true),
        ("! and @ or @", true), ("@ or @ and !", true), ("(@ or @) and !", false), ("not ! and !", false),
        ("not (! and !)", true), ("@ AND @ Or !", true), ("((@))", true), ("( @ and ( ! or @ ) )", true),
        ("rule:yes", true), ("rule:no", false), ("rule:unknown", false),
    ])
    func operatorsBindAsDocumented(expression: String, expected: Bool) async throws {
        #expect(try await Self.holds(expression) == expected)
    }

    @Test(arguments: [
        "@ and", "and @", "@ @", "(@", "@)", "not", "()", "   ", "role", "'text'", ":x", "'a:b':c", "name:100%",
        "name:%(x)d", "name:%(x", "1x:1", "@ or or @", "(role:a or) role:b",
    ])
    func wrongExpressionsAreErrors(expression: String) async {
        await #expect(throws: PolicyError.self) { try await Self.holds(expression) }
    }

    @Test func nestingIsBounded() async throws {
        let deep = String(repeating: "(", count: 100_000) + "@" + String(repeating: ")", count: 100_000)
        await #expect(throws: PolicyError.badRule(name: "x", reason: "nested more than 64 deep")) {
            try await Self.holds(deep)
        }
        var chain = (0..<100_000).map { RuleDefault("r\($0)", "rule:r\($0 + 1)", "") }
        chain.append(RuleDefault("r100000", "@", ""))
        #expect(throws: PolicyError.self) {
            try Enforcer(
                defaults: chain, policyFile: nil, policyDirectories: [], enforceNewDefaults: true,
                logger: Logger(label: "test"))
        }
    }

    @Test(arguments: [
        [("a", "rule:a")], [("a", "rule:b"), ("b", "not rule:c"), ("c", "@ or rule:a")],
        [("default", "rule:unknown")],
    ])
    func circlesAreErrors(rules: [(String, String)]) {
        let error = #expect(throws: PolicyError.self) {
            try Enforcer(
                defaults: rules.map { RuleDefault($0.0, $0.1, "") }, policyFile: nil, policyDirectories: [],
                enforceNewDefaults: true, logger: Logger(label: "test"))
        }
        guard case .cyclicReference = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    /// oslo.policy looks at the scope before the rule, and only at that of the rule that was asked for.
    @Test(
        arguments: [
            ([], [true, true, true]), ([.project], [false, false, true]), ([.system], [true, false, false]),
            ([.system, .domain], [true, true, false]),
        ] as [(Set<TokenScope>, [Bool])])
    func rulesMayBeForSomeScopes(scopes: Set<TokenScope>, expected: [Bool]) async throws {
        let enforcer = try Enforcer(
            defaults: [RuleDefault("x", "@", scopes: scopes, ""), RuleDefault("y", "rule:x", "")], policyFile: nil,
            policyDirectories: [], enforceNewDefaults: true, logger: Logger(label: "test"))
        let scoped: [PolicyCredentials] = [
            ["system_scope": .string("all"), "domain_id": .null], ["domain_id": .string("default")],
            ["system_scope": .null, "domain_id": .null, "project_id": .string("p")],
        ]
        for (credentials, isAllowed) in zip(scoped, expected) {
            #expect(await enforcer.allows("x", target: [:], credentials: credentials) == isAllowed)
            #expect(await enforcer.allows("y", target: [:], credentials: credentials))
        }
    }

    @Test func theSameRuleMayBeReferredToTwice() async throws {
        #expect(try await Self.holds("rule:yes and (rule:yes or rule:no)"))
    }

    @Test func remoteChecksAskOnceAndOnlyWhenNeeded() async throws {
        let asked = RecordedLog()
        let remote: RemoteCheck = { url, rule, target, credentials in
            asked.logger.info(
                "\(rule) \(url) \(target["name"] == .string("n")) \(credentials["user_id"] == .string("u"))")
            return url.hasPrefix("http:")
        }
        let expression = "(role:admin or not https://b/x) and http://a:80/%(name)s and http://a:80/%(name)s"
        #expect(
            try await Self.holds(expression, ["user_id": .string("u")], ["name": .string("n")], remoteCheck: remote))
        #expect(asked.messages == ["info: x https://b/x true true", "info: x http://a:80/n true true"])
        #expect(try await Self.holds("role:admin or http://a/", ["roles": .list(["admin"])]))
        #expect(try await !Self.holds("http://a/"))
        #expect(try await !Self.holds("http://a/%(absent)s", remoteCheck: remote))
        struct Unreachable: Error {}
        #expect(try await !Self.holds("http://a/", remoteCheck: { _, _, _, _ in throw Unreachable() }))
    }

    /// Decisions of oslo.policy 6.0.1 itself: for each expression one digit for each pair of credentials and target.
    @Test(arguments: corpus.split(separator: "\n").map(String.init))
    func decidesLikeOsloPolicy(line: String) async throws {
        let digits = line.prefix { $0 != " " }
        let expression = String(line.dropFirst(digits.count + 1))
        var decisions = ""
        for credentials in Self.corpusCredentials {
            for target in Self.corpusTargets {
                decisions += try await Self.holds(expression, credentials, target) ? "1" : "0"
            }
        }
        #expect(decisions == digits)
    }

    private static let corpusCredentials: [PolicyCredentials] = [
        [
            "user_id": .string("u1"), "project_id": .string("p1"), "roles": .list(["Admin", "member", "reader"]),
            "is_admin": .bool(true), "system_scope": .string("all"), "domain_id": .null,
            "token": .dictionary(["project": .dictionary(["id": .string("p1")]), "roles": .list(["x", "y"])]),
        ],
        [
            "user_id": .string("u-p2"), "project_id": .string("p2"), "roles": .list(["member", "reader"]),
            "is_admin": .bool(false), "system_scope": .null, "domain_id": .null,
            "token": .dictionary(["project": .dictionary(["id": .string("p2")]), "roles": .list([])]),
        ],
        ["user_id": .string("u1%"), "project_id": .null, "roles": .list([]), "is_admin": .bool(false)],
        ["user_id": .string("u3"), "project_id": .string("p1")],
    ]
    private static let corpusTargets: [PolicyTarget] = [
        [
            "project_id": .string("p1"), "owner": .string("u1"), "visibility": .string("public"),
            "role": .string("READER"), "nothing": .null, "flag": .bool(true), "number": .string("1"),
        ],
        [
            "project_id": .string("p2"), "owner": .string("u-p2"), "visibility": .string("private"),
            "role": .string("admin"), "flag": .bool(false), "number": .string("2"),
        ],
        [:],
    ]
}
