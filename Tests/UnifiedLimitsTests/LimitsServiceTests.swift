import Events
import Foundation
import ImageModel
import Logging
import OsloConfig
import Synchronization
import TestSupport
import Testing
import TextCoding

@testable import ImageDatabase
@testable import UnifiedLimits

/// The limits worker and a real Keystone.
@Suite(.serialized) struct LimitsServiceTests {
    /// Runs the service on a database of its own while `body` looks on.
    private func withService(
        _ configurationText: String, _ directory: String,
        _ body: (ImageDatabase, EventRecorder, AsyncStream<Void>) async throws -> Void
    ) async throws {
        let url = "sqlite:///\(directory)/glance.sqlite"
        let database = try ImageDatabase(
            url: url, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        _ = try await SchemaMigrator(database).upgrade(to: "heads")
        let recorder = EventRecorder()
        let configuration = try Configuration(text: "[database]\nconnection = \(url)\n" + configurationText)
        let service = try await LimitsService(configuration: configuration, logger: recorder.logger)
        let (refreshes, refreshed) = AsyncStream.makeStream(of: Void.self)
        let (stopping, stop) = AsyncStream.makeStream(of: Void.self)
        let (starting, start) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await service.run(
                    started: { start.finish() }, beat: {}, refreshed: { refreshed.yield() },
                    until: { for await _ in stopping {} })
            }
            for await _ in starting {}
            let result: Result<Void, any Error>
            do { result = .success(try await body(database, recorder, refreshes)) } catch { result = .failure(error) }
            stop.finish()
            try await group.waitForAll()
            try result.get()
        }
        await database.close()
    }

    private func wait(for event: Event, in stream: inout AsyncStream<EventRecorder.Entry>.Iterator) async throws
        -> EventRecorder.Entry
    {
        while let entry = await stream.next() {
            if entry.isOccurrence(of: event) { return entry }
        }
        throw TestFailure("no \(event.name)")
    }

    private func limit(_ resource: LimitedResource, _ database: ImageDatabase, _ project: String) async throws -> Int64
    {
        try #require(try await database.limits.usage(ofProject: project).first { $0.resource == resource }).limit
    }

    @Test(.timeLimit(.minutes(5))) func flatLimitsAreMirroredThroughChangesAndOutages() async throws {
        try await withServer("keystone", ["GLANCE_URL": "http://127.0.0.1:9292"]) { server in
            let admin = try await KeystoneAdministrator(server)
            let project = try await admin.keystone.authenticate("demo", project: "demo").projectID
            let ids = try await admin.register(["image_size_total": 5, "image_count_total": 10])
            try await admin.limit(("project_id", project), "image_count_total", to: 3)
            try await withTemporaryDirectory { directory in
                try await withService(admin.osloLimit(), directory) { database, recorder, refreshes in
                    var rounds = refreshes.makeAsyncIterator()
                    var entries = recorder.stream.makeAsyncIterator()
                    // The first start waited for Keystone.
                    #expect(try await limit(.imageSizeTotal, database, project) == 5)
                    #expect(try await limit(.imageCountTotal, database, project) == 3)
                    #expect(try await limit(.imageCountTotal, database, "another") == 10)
                    #expect(try await database.limits.mirror()?.mirror.model == "flat")

                    let missing = try await wait(for: .registeredLimitMissing, in: &entries)
                    #expect(missing.level == .warning && missing.metadata["resource_name"] == "image_stage_total")
                    #expect(
                        missing.message.contains(
                            "openstack registered limit create --service \(admin.serviceID) --region RegionOne "
                                + "--default-limit LIMIT image_stage_total"))

                    try await admin.changeRegistered(try #require(ids["image_size_total"]), to: 7)
                    try await admin.register(["image_stage_total": 1, "image_count_uploading": 1])
                    // The round that runs now may have asked before the change; the second one after it has not.
                    for _ in 0..<2 { _ = await rounds.next() }
                    while try await limit(.imageCountUploading, database, project) != 1 { _ = await rounds.next() }
                    #expect(try await limit(.imageSizeTotal, database, project) == 7)
                    #expect(recorder.occurrences(of: .registeredLimitMissing).count == 2, "each is named once")

                    try await server.stop()
                    let stale = try await wait(for: .limitsStale, in: &entries)
                    #expect(stale.level == .warning && stale.metadata["age_seconds"] != nil)
                    #expect(stale.message.contains("go on counting"))
                    #expect(try await limit(.imageSizeTotal, database, project) == 7)
                    // Several rounds more without Keystone.
                    var failures = 0
                    while failures < 2, let entry = await entries.next() {
                        if entry.message.contains("still cannot") { failures += 1 }
                    }
                    try await server.start()
                    _ = try await wait(for: .limitsRecovered, in: &entries)
                    #expect(recorder.occurrences(of: .limitsStale).count == 1, "one outage is one event")
                    let secrets = recorder.entries.filter { entry in
                        entry.message.contains(admin.keystone.password)
                            || entry.metadata.values.contains { $0.contains(admin.keystone.password) }
                    }
                    #expect(secrets.isEmpty)
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(5))) func twoLevelsAreMirrored() async throws {
        let environment = ["GLANCE_URL": "http://127.0.0.1:9292", "KEYSTONE_LIMIT_MODEL": "strict_two_level"]
        try await withServer("keystone", environment) { server in
            let admin = try await KeystoneAdministrator(server)
            let demo = try await admin.keystone.authenticate("demo", project: "demo").projectID
            let demo2 = try await admin.keystone.authenticate("demo2", project: "demo2").projectID
            try await admin.register(["image_size_total": 4, "image_count_total": 2])
            try await admin.limit(("domain_id", "default"), "image_count_total", to: 3)
            let byService = admin.osloLimit().replacingOccurrences(
                of: "endpoint_id = \(admin.endpointID)",
                with: "endpoint_service_type = image\nendpoint_region_name = RegionOne")
            try await withTemporaryDirectory { directory in
                try await withService(byService, directory) { database, _, _ in
                    let mirror = try #require(try await database.limits.mirror()).mirror
                    #expect(mirror.model == "strict_two_level")
                    #expect(mirror.roots[demo] == "default" && mirror.roots[demo2] == "default")
                    let limits = ProjectLimits(database: database, logger: Logger(label: "test"))
                    func create(_ project: String) async throws {
                        try await limits.claiming(LimitClaim(projectID: project, amounts: [.imageCountTotal: 1])) {
                            claim throws(DatabaseError) in
                            try await database.images.insert(Image(id: UUIDText.random(), owner: project), claim: claim)
                        }
                    }
                    try await create(demo)
                    try await create(demo)
                    await #expect(
                        throws: LimitError.exceeded(
                            "Project \(demo) is over a limit for [Resource image_count_total is over limit of 2 due to "
                                + "current usage 2 and delta 1]")
                    ) { try await create(demo) }
                    try await create(demo2)
                    await #expect(
                        throws: LimitError.exceeded(
                            "Project \(demo2) is over a limit for [Resource image_count_total is over limit of 3 due to "
                                + "current usage 3 and delta 1 (limit of its domain default)]")
                    ) { try await create(demo2) }
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func withoutKeystoneNothingIsKnown() async throws {
        let text = """
            [oslo_limit]
            auth_url = http://127.0.0.1:\(try Site.freePort())
            username = glance
            user_domain_id = default
            system_scope = all
            password = secret
            endpoint_id = e
            connect_retries = 0
            """
        try await withTemporaryDirectory { directory in
            try await withService(text, directory) { database, recorder, _ in
                var entries = recorder.stream.makeAsyncIterator()
                let stale = try await wait(for: .limitsStale, in: &entries)
                #expect(stale.message.contains("never could") && stale.message.contains("503"))
                // Nobody waits for the next of the regular rounds, half a minute later.
                for _ in 0..<3 {
                    while let entry = await entries.next(), !entry.message.contains("still cannot") {}
                }
                let limits = ProjectLimits(database: database, logger: Logger(label: "test"))
                await #expect(throws: LimitError.unknown(ProjectLimits.unknownLimits)) {
                    _ = try await limits.usage(ofProject: "p")
                }
            }
        }
    }

    @Test(arguments: [
        ("endpoint_id = e", "[oslo_limit] auth_url isn't set"),
        (
            "auth_url = http://k\nusername = u\nuser_domain_id = d\nsystem_scope = all\nendpoint_id = e",
            "password isn't set"
        ),
        (
            "auth_url = http://k\nusername = u\nuser_domain_id = d\nsystem_scope = all\npassword = p",
            "[oslo_limit] endpoint_id isn't set"
        ),
    ])
    func badConfigurationsAreNamed(lines: String, reason: String) async throws {
        let configuration = try Configuration(text: "[oslo_limit]\n\(lines)\n")
        let error = await #expect(throws: ConfigurationError.self) {
            _ = try await LimitsService(configuration: configuration, logger: Logger(label: "test"))
        }
        #expect(error?.description.contains(reason) == true)
    }

    private final class Turns: Sendable {
        struct State {
            var (now, most, done) = (0, 0, 0)
        }

        let state = Mutex(State())
    }

    @Test func claimsOfAProjectTakeTurns() async throws {
        let queue = ProjectQueue()
        let running = Turns()
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<300 {
                group.addTask {
                    await queue.run(index % 3 == 0 ? "other" : "p") {
                        guard index % 3 != 0 else { return }
                        running.state.withLock {
                            $0.now += 1
                            $0.most = max($0.most, $0.now)
                        }
                        await Task.yield()
                        running.state.withLock {
                            $0.now -= 1
                            $0.done += 1
                        }
                    }
                }
            }
        }
        #expect(running.state.withLock { $0.most } == 1)
        #expect(running.state.withLock { $0.done } == 200)
    }
}
