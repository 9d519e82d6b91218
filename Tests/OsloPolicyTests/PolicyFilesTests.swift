import Glibc
import Logging
import OsloPolicy
import Testing

@Suite struct PolicyFilesTests {
    private let directory = TemporaryDirectory()
    private let log = RecordedLog()

    private static let admin: PolicyCredentials = ["roles": .list(["admin"])]
    private static let member: PolicyCredentials = ["roles": .list(["member"])]

    private func enforcer(
        _ defaults: [(String, String)] = [("get", "role:admin")], directories: [String] = [],
        enforceNewDefaults: Bool = true
    ) throws -> Enforcer {
        try Enforcer(
            defaults: defaults.map { RuleDefault($0.0, $0.1, "") }, policyFile: directory.path + "/policy.yaml",
            policyDirectories: directories, enforceNewDefaults: enforceNewDefaults, logger: log.logger)
    }

    private func memberMay(_ rule: String, _ enforcer: Enforcer) async -> Bool {
        await enforcer.allows(rule, target: [:], credentials: Self.member)
    }

    /// Neither the file nor the directory in which it will lie was there at the start, and it is not the first place.
    @Test func aFileMadeLaterCountsWhereverItIsMade() async throws {
        let places = ["first", "second"].map { directory.path + "/" + $0 }
        let enforcer = try Enforcer(
            defaults: [RuleDefault("get", "role:admin", "")], policyFiles: places.map { $0 + "/policy.yaml" },
            policyDirectories: [places.map { $0 + "/policy.d" }], enforceNewDefaults: true, logger: log.logger)
        #expect(await !memberMay("get", enforcer))
        mkdir(places[1], 0o755)
        directory.write("second/policy.yaml", "get: '@'")
        #expect(await memberMay("get", enforcer))
        mkdir(places[1] + "/policy.d", 0o755)
        directory.write("second/policy.d/a.yaml", "get: '!'")
        #expect(await !memberMay("get", enforcer))
        unlink(places[1] + "/policy.d/a.yaml")
        // An earlier place wins as soon as there is a file in it.
        mkdir(places[0], 0o755)
        directory.write("first/policy.yaml", "get: 'role:nobody'")
        #expect(await !memberMay("get", enforcer))
        unlink(places[0] + "/policy.yaml")
        #expect(await memberMay("get", enforcer))
    }

    /// A look at the files counts for all requests that had come before, and for none that comes later.
    @Test func aLookAtTheFilesCountsForThoseWhoCameBefore() async throws {
        let enforcer = try enforcer()
        let early = ContinuousClock.now
        func memberMay(asOf moment: ContinuousClock.Instant) async -> Bool {
            await enforcer.allows(
                "get", target: [:], credentials: Self.member, by: await enforcer.rules(asOf: moment))
        }
        #expect(await !memberMay(asOf: .now))
        directory.write("policy.yaml", "get: '@'")
        #expect(await !memberMay(asOf: early), "nobody has to look again")
        #expect(await memberMay(asOf: .now))
        #expect(await memberMay(asOf: early))
        directory.write("policy.yaml", "get: '!'")
        #expect(await !memberMay(asOf: .now))
    }

    @Test func withoutFilesTheDefaultsHold() async throws {
        let enforcer = try enforcer(directories: [directory.path + "/absent"])
        #expect(await !memberMay("get", enforcer))
        #expect(await enforcer.allows("get", target: [:], credentials: Self.admin))
        #expect(await !enforcer.allows("unknown", target: [:], credentials: Self.admin))
    }

    @Test(arguments: [
        "get: 'role:member'\n", "{\"get\": \"role:member\"}", "{\n\t\"get\": [[\"role:member\"]]\n}",
        "# comment\nget: [[\"role:no\"], [], [\"role:member\", \"@\"]]", "get: ['role:member']", "get: []", "get:",
        "get: ''", "get: '!'\nget: '@'", "a: &all '@'\nget: *all", "---\nget: >\n  role:member\n  or role:other\n...\n",
        "\u{FEFF}get: '@'",
    ])
    func everyFormOfFileOverrides(text: String) async throws {
        directory.write("policy.yaml", text)
        #expect(await memberMay("get", try enforcer()))
    }

    @Test(arguments: ["get: [[]]", "get: [['role:member', '!']]", "", "# nothing\n", "other: '@'", "{}", "---\n"])
    func theseFilesDoNotLetMembersIn(text: String) async throws {
        directory.write("policy.yaml", text)
        #expect(await !memberMay("get", try enforcer()))
    }

    @Test(arguments: [
        ("get: 'role:member", "policy.yaml"), ("- get", "not a mapping"), ("text", "not a mapping"),
        ("get: {a: b}", "neither an expression nor a list"), ("get: 'role:a and'", "line 1"),
        ("a: '@'\nget: oops", "\"oops\" isn't a check"), ("get: [[['role:a']]]", "more than two deep"),
        ("get: 'rule:get'", "refers to itself"), ("[a]: '@'", "must be text"),
        ("a: '@'\nget: *all", "line 2: found undefined alias"), ("a: '@'\n--- \nget: '@'", "line 3: a second document"),
        ("a: '@'\n---\nget: '", "line 3"), ("get: &a [*a]", "more than two deep"),
        ("a: '@'\nget: '\u{1}'", "byte 13: control characters"),
        ("get: 'null'", "\"null\" isn't a check"),
    ])
    func aBrokenFileEndsTheStart(text: String, reason: String) throws {
        directory.write("policy.yaml", text)
        let error = #expect(throws: PolicyError.self) { try enforcer() }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        #expect(error?.description.contains("\n") == false)
    }

    @Test func bytesThatAreNoTextEndTheStart() throws {
        let path = directory.write("policy.yaml", "")
        let file = fopen(path, "w")
        fputs("get: '", file)
        fputc(0xFF, file)
        fclose(file)
        #expect(throws: PolicyError.badFile(path: path, reason: "not UTF-8 text")) { try enforcer() }
    }

    @Test func laterFilesOverrideEarlierOnes() async throws {
        let rules = directory.makeDirectory("policy.d")
        let more = directory.makeDirectory("more.d")
        _ = directory.makeDirectory("policy.d/50-directory")
        directory.write("policy.yaml", "a: '!'\nb: '!'\nc: '!'\nd: '!'\n")
        directory.write("policy.d/10.yaml", "b: '@'\nc: '@'\n")
        directory.write("policy.d/20.json", "{\"c\": \"!\"}")
        directory.write("policy.d/.hidden.yaml", "a: '@'\n")
        directory.write("more.d/00.yaml", "d: '@'")
        let enforcer = try enforcer(directories: [rules, more])
        #expect(await !memberMay("a", enforcer))
        #expect(await memberMay("b", enforcer))
        #expect(await !memberMay("c", enforcer))
        #expect(await memberMay("d", enforcer))
    }

    @Test func changesCountAtOnce() async throws {
        let rules = directory.makeDirectory("policy.d")
        let enforcer = try enforcer(directories: [rules])
        #expect(await !memberMay("get", enforcer))
        directory.write("policy.yaml", "get: 'role:member'")
        #expect(await memberMay("get", enforcer))
        directory.write("policy.d/a.yaml", "get: '!'")
        #expect(await !memberMay("get", enforcer))
        directory.write("policy.d/a.yaml", "get: '@' ")
        #expect(await memberMay("get", enforcer))
        directory.write("policy.yaml", "get: '!'")
        #expect(await memberMay("get", enforcer))
        directory.remove("policy.d/a.yaml")
        #expect(await !memberMay("get", enforcer))
        directory.remove("policy.yaml")
        #expect(await enforcer.allows("get", target: [:], credentials: Self.admin))
        // Replaced by rename, as configuration management does.
        directory.write("new", "get: 'role:member'")
        rename(directory.path + "/new", directory.path + "/policy.yaml")
        #expect(await memberMay("get", enforcer))
    }

    @Test func aBrokenChangeKeepsTheLastGoodRulesAndIsLoggedOnce() async throws {
        directory.write("policy.yaml", "get: 'role:member'")
        let enforcer = try enforcer()
        directory.write("policy.yaml", "get: 'role:member and'")
        for _ in 0..<10 { #expect(await memberMay("get", enforcer)) }
        #expect(log.messages.count == 1)
        #expect(log.messages.first?.contains("error: Policy files changed but the old rules stay") == true)
        directory.write("policy.yaml", "get: '!'")
        #expect(await !memberMay("get", enforcer))
        #expect(log.messages.count == 2)
    }

    @Test func manyDecisionsReadAChangeOnce() async throws {
        let enforcer = try enforcer()
        directory.write("policy.yaml", "get: 'role:member'")
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 { group.addTask { await self.memberMay("get", enforcer) } }
            for await allowed in group { #expect(allowed) }
        }
        #expect(log.messages == ["info: Policy files changed and were read anew"])
    }

    @Test func withoutNewDefaultsTheDeprecatedOnesCountToo() async throws {
        let defaults = [
            RuleDefault("get", "role:admin", deprecated: "rule:default", ""), RuleDefault("default", "", ""),
        ]
        for enforceNewDefaults in [true, false] {
            let enforcer = try Enforcer(
                defaults: defaults, policyFile: directory.path + "/policy.yaml", policyDirectories: [],
                enforceNewDefaults: enforceNewDefaults, logger: log.logger)
            #expect(await memberMay("get", enforcer) == !enforceNewDefaults)
            // An override counts alone.
            directory.write("policy.yaml", "get: 'role:admin'")
            #expect(await !memberMay("get", enforcer))
            // And an old file's default rule reaches the deprecated default.
            directory.write("policy.yaml", "default: 'role:admin'")
            #expect(await !memberMay("get", enforcer))
            directory.remove("policy.yaml")
        }
    }

    @Test func aDecisionCostsMicroseconds() async throws {
        let rules = directory.makeDirectory("policy.d")
        directory.write("policy.yaml", "other: '@'")
        let enforcer = try enforcer(
            [("admin", "role:admin"), ("get", "rule:admin or (role:reader and project_id:%(project_id)s)")],
            directories: [rules])
        let credentials: PolicyCredentials = ["roles": .list(["reader"]), "project_id": .string("p")]
        let duration = await ContinuousClock().measure {
            for _ in 0..<10_000 {
                _ = await enforcer.allows("get", target: ["project_id": .string("p")], credentials: credentials)
            }
        }
        // Far above what an unoptimized build on a busy machine takes, far below what reading a file would.
        #expect(duration < .seconds(3))
    }
}
