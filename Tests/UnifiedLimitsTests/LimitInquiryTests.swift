import Events
import Foundation
import Glibc
import Identity
import ImageModel
import Logging
import NIOPosix
import OsloConfig
import TestSupport
import Testing
import TextCoding

@testable import ImageDatabase
@testable import UnifiedLimits

/// Limits that count at once: the workers' side, a real Keystone, and no limits child that would help.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LimitInquiryTests {
    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// One node's workers on a database that the nodes share.
    private struct Worker: Sendable {
        let limits: ProjectLimits
        let database: ImageDatabase

        func create(_ project: String) async throws {
            try await limits.claiming(LimitClaim(projectID: project, amounts: [.imageCountTotal: 1])) {
                claim throws(DatabaseError) in
                try await database.images.insert(Image(id: UUIDText.random(), owner: project), claim: claim)
            }
        }

        /// Whether so many MiB more would fit.
        func fits(_ project: String, mebibytes: Int64) async throws -> Bool {
            do {
                try await limits.claiming(LimitClaim(projectID: project, amounts: [.imageSizeTotal: mebibytes << 20])) {
                    claim throws(DatabaseError) in
                    try await database.images.insert(Image(id: UUIDText.random(), owner: project), claim: claim)
                }
                return true
            } catch LimitError.exceeded {
                return false
            }
        }

        func mayCreate(_ project: String) async throws -> Bool {
            do {
                try await create(project)
                return true
            } catch LimitError.exceeded {
                return false
            }
        }

        func limit(_ resource: LimitedResource, _ project: String) async throws -> Int64? {
            try await limits.usage(ofProject: project).first { $0.resource == resource }?.limit
        }
    }

    /// Runs `body` with two workers, after the mirror was filled once.
    private func withWorkers(
        _ osloLimit: String, logger: Logger = silent, _ body: ([Worker]) async throws -> Void
    ) async throws {
        let configuration = try Configuration(text: osloLimit)
        try await withTemporaryDirectory { directory in
            let database = try ImageDatabase(url: "sqlite:///\(directory)/glance.sqlite", logger: Self.silent)
            _ = try await SchemaMigrator(database).upgrade(to: "heads")
            var first = LimitRefresher(
                reader: try reader(configuration), database: database, logger: Self.silent)
            #expect(await first.refresh())
            var workers: [Worker] = []
            for _ in 0..<2 {
                let database = try ImageDatabase(url: "sqlite:///\(directory)/glance.sqlite", logger: Self.silent)
                workers.append(
                    Worker(
                        limits: try ProjectLimits(
                            configuration: configuration, database: database,
                            eventLoopGroup: .singletonMultiThreadedEventLoopGroup, logger: logger),
                        database: database))
            }
            try await body(workers)
            for worker in workers { await worker.database.close() }
            await database.close()
        }
    }

    private func reader(_ configuration: Configuration) throws -> LimitReader {
        LimitReader(
            session: try KeystoneSession(
                settings: KeystoneSettings(limits: configuration),
                eventLoopGroup: .singletonMultiThreadedEventLoopGroup, logger: Self.silent),
            endpoint: try LimitReader.EndpointReference(configuration))
    }

    private static let registered = [
        "image_size_total": 10, "image_stage_total": 10, "image_count_total": 100, "image_count_uploading": 10,
    ]

    private func withKeystone(
        _ environment: [String: String] = [:],
        _ body: (SupportServer, KeystoneAdministrator, [String: String], _ project: String) async throws -> Void
    ) async throws {
        let all = environment.merging(["GLANCE_URL": "http://127.0.0.1:9292"]) { $1 }
        try await withServer("keystone", all) { server in
            let admin = try await KeystoneAdministrator(server)
            let project = try await admin.keystone.authenticate("demo", project: "demo").projectID
            try await body(server, admin, try await admin.register(Self.registered), project)
        }
    }

    /// No test here is about how fast Keystone is on a busy machine.
    private static let patient = "ask_timeout = 30\n"

    @Test func aChangeCountsForTheVeryNextRequest() async throws {
        try await withKeystone { _, admin, ids, project in
            let count = try #require(ids["image_count_total"])
            let size = try #require(ids["image_size_total"])
            try await withWorkers(admin.osloLimit() + Self.patient) { workers in
                let (one, other) = (workers[0], workers[1])
                try await one.create(project)
                // Down and up, on both, with nothing in between.
                for round in 1...5 {
                    try await admin.changeRegistered(count, to: round)
                    #expect(try await !one.mayCreate(project))
                    #expect(try await !other.mayCreate(project))
                    try await admin.changeRegistered(count, to: round + 1)
                    #expect(try await other.mayCreate(project))
                    #expect(try await one.limit(.imageCountTotal, project) == Int64(round + 1))
                }
                for mebibytes in [3, 1, 2] as [Int64] {
                    try await admin.changeRegistered(size, to: Int(mebibytes))
                    #expect(try await one.fits(project, mebibytes: mebibytes))
                    #expect(try await !other.fits(project, mebibytes: mebibytes + 1))
                }
                // A limit of its own, which is there at once too, and of nobody else.
                try await admin.limit(("project_id", project), "image_size_total", to: 7)
                #expect(try await other.fits(project, mebibytes: 7))
                for project in ["another", "no id & nothing=else ü"] {
                    #expect(try await !other.fits(project, mebibytes: 7))
                    #expect(try await other.fits(project, mebibytes: 2))
                }
                // Other processes have it from the mirror.
                let mirror = try #require(try await one.database.limits.mirror()).mirror
                #expect(mirror.own[.init(id: project, resource: .imageSizeTotal)] == 7)
                #expect(mirror.defaults[.imageSizeTotal] == 2)
            }
        }
    }

    @Test func aDomainsLimitCountsAtOnce() async throws {
        try await withKeystone(["KEYSTONE_LIMIT_MODEL": "strict_two_level"]) { _, admin, ids, project in
            try await admin.changeRegistered(try #require(ids["image_count_total"]), to: 2)
            try await withWorkers(admin.osloLimit() + Self.patient) { workers in
                try await workers[0].create(project)
                try await admin.limit(("domain_id", "default"), "image_count_total", to: 3)
                // A project that the mirror does not know yet counts in its domain all the same.
                let created = try await admin.client.expect(
                    201, "POST", "/v3/projects", json: ["project": ["name": "new", "domain_id": "default"]])
                let new = try #require(created.json["project"]["id"].string)
                try await workers[1].create(new)
                try await workers[0].create(new)
                #expect(try await !workers[1].mayCreate(project))
                #expect(try await workers[0].database.limits.mirror()?.mirror.roots[new] == "default")
            }
        }
    }

    @Test func manyClaimsShareFewQuestions() async throws {
        try await withKeystone { _, admin, _, project in
            try await withServer("nginx", ["NGINX_BACKEND": admin.keystone.url]) { front in
                let url = try front.setting("NGINX_FRONT_URL")
                let text =
                    admin.osloLimit() + Self.patient + "endpoint_override = \(url)/v3\ncafile = "
                    + (try front.setting("NGINX_CA")) + "\n"
                try await withWorkers(text) { workers in
                    func questions() throws -> Int {
                        try String(contentsOfFile: front.setting("NGINX_ACCESS_LOG"), encoding: .utf8)
                            .split(separator: "\n").count { $0.contains("GET /v3/limits?") && $0.contains(project) }
                    }
                    try await workers[0].create(project)
                    let before = try questions()
                    #expect(before == 1)
                    let created = try await withThrowingTaskGroup(of: Bool.self) { group in
                        for _ in 0..<200 { group.addTask { try await workers[0].mayCreate(project) } }
                        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                    }
                    #expect(created == 99, "never more than the limit")
                    let asked = try questions() - before
                    #expect(asked >= 1 && asked <= 50)
                }
            }
        }
    }

    @Test func aStoppedKeystoneHoldsNobodyUpForLong() async throws {
        try await withKeystone { server, admin, ids, project in
            let recorder = EventRecorder()
            try await withWorkers(admin.osloLimit() + "ask_timeout = 5\n", logger: recorder.logger) { workers in
                let worker = workers[0]
                #expect(try await worker.mayCreate(project))
                let group = try #require(Int32(server.setting("SERVER_PID")))
                kill(-group, SIGSTOP)
                defer { kill(-group, SIGCONT) }
                // Those that wait for the first question, and those that come while it is known that none is answered.
                // If each waited, it would be minutes.
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for _ in 0..<20 { group.addTask { try await worker.mayCreate(project) } }
                    for try await isCreated in group { #expect(isCreated) }
                }
                let beginning = ContinuousClock.now
                for _ in 0..<40 { #expect(try await worker.mayCreate(project)) }
                #expect(.now - beginning < .seconds(60))
                let stale = recorder.occurrences(of: .limitsStale)
                #expect(stale.count == 1 && stale.first?.level == .warning)
                #expect(stale.first?.metadata["age_seconds"] != nil)

                kill(-group, SIGCONT)
                for await entry in recorder.stream where entry.isOccurrence(of: .limitsRecovered) { break }
                try await admin.changeRegistered(try #require(ids["image_count_total"]), to: 1)
                #expect(try await !worker.mayCreate(project))
                #expect(recorder.occurrences(of: .limitsStale).count == 1)
                #expect(recorder.occurrences(of: .limitsRecovered).count == 1)
            }
        }
    }

    @Test func theMirrorAloneCountsWhereThatIsWanted() async throws {
        try await withKeystone { server, admin, ids, project in
            try await withWorkers(admin.osloLimit() + "ask_on_claim = false\n") { workers in
                try await admin.changeRegistered(try #require(ids["image_count_total"]), to: 0)
                #expect(try await workers[0].mayCreate(project))
                try await server.stop()
                #expect(try await workers[0].mayCreate(project))
                #expect(try await workers[1].limit(.imageCountTotal, project) == 100)
            }
        }
    }

    /// What was read before somebody else wrote is not written over it.
    @Test func anOlderAnswerReplacesNoNewerOne() async throws {
        try await withTemporaryDirectory { directory in
            let database = try ImageDatabase(url: "sqlite:///\(directory)/glance.sqlite", logger: Self.silent)
            _ = try await SchemaMigrator(database).upgrade(to: "heads")
            func mirror(_ own: [String: Int64]) -> LimitMirror {
                var mirror = LimitMirror(model: "flat", defaults: [.imageCountTotal: 1])
                for (scope, value) in own { mirror.own[.init(id: scope, resource: .imageCountTotal)] = value }
                return mirror
            }
            let whole = mirror(["a": 1, "b": 2])
            let stored = try await database.limits.storeMirror(whole, over: nil)
            #expect(try await database.limits.mirror(of: ["a"])?.mirror == mirror(["a": 1]))
            #expect(try await database.limits.mirror(of: [])?.mirror == mirror([:]))

            let slow = try #require(try await database.limits.mirror(of: ["a"]))
            let fast = try #require(try await database.limits.mirror(of: ["a"]))
            _ = try await database.limits.storeMirror(mirror(["a": 3]), over: fast, at: fast.refreshedAt)
            await #expect(throws: DatabaseError.conflict) {
                try await database.limits.storeMirror(mirror(["a": 2]), over: slow, at: slow.refreshedAt)
            }
            // Nor does the limits child, which has read everything before that.
            await #expect(throws: DatabaseError.conflict) {
                try await database.limits.storeMirror(mirror(["a": 1, "b": 9]), over: stored)
            }
            #expect(try await database.limits.mirror()?.mirror == mirror(["a": 3, "b": 2]))
            #expect(try await database.limits.mirror()?.refreshedAt == stored.refreshedAt)
            // A limit that is gone goes.
            let last = try #require(try await database.limits.mirror(of: ["b"]))
            _ = try await database.limits.storeMirror(mirror([:]), over: last, at: last.refreshedAt)
            #expect(try await database.limits.mirror()?.mirror == mirror(["a": 3]))
            await database.close()
        }
    }

    @Test(arguments: ["0", "-1", "61"]) func aTimeThatIsNoneIsRefused(seconds: String) async throws {
        try await withTemporaryDirectory { directory in
            let database = try ImageDatabase(url: "sqlite:///\(directory)/glance.sqlite", logger: Self.silent)
            let error = #expect(throws: ConfigurationError.self) {
                try ProjectLimits(
                    configuration: Configuration(text: "[oslo_limit]\nask_timeout = \(seconds)\n"), database: database,
                    eventLoopGroup: .singletonMultiThreadedEventLoopGroup, logger: Self.silent)
            }
            #expect(error?.description.contains("ask_timeout") == true)
            await database.close()
        }
    }
}
