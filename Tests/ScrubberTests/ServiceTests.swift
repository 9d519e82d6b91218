import Events
import Foundation
import OsloConfig
import Processes
import Scoreboard
import Synchronization
import TestSupport
import Testing
import TextCoding

@testable import ImageDatabase
@testable import ImageModel
@testable import Scrubber

/// The scrubber as a child of the supervisor.
@Suite struct ServiceTests {
    private final class SignsOfLife: Sendable {
        let beats = Mutex(0)
        let isStarted = Mutex(false)
    }

    /// Runs a service until `body` is done; returns how often it gave a sign of life.
    private static func withService(
        _ fixture: Fixture, _ body: () async throws -> Void
    ) async throws -> Int {
        let service = try await ScrubberService(configuration: fixture.configuration, logger: fixture.log.logger)
        let (stop, stopping) = AsyncStream<Void>.makeStream()
        let signs = SignsOfLife()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await service.run(
                    started: { signs.isStarted.withLock { $0 = true } }, beat: { signs.beats.withLock { $0 += 1 } },
                    until: { for await _ in stop {} })
            }
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            stopping.finish()
            try await group.waitForAll()
            try result.get()
        }
        #expect(signs.isStarted.withLock { $0 })
        return signs.beats.withLock { $0 }
    }

    /// Asks again until it is so; nothing announces what another process writes into a database.
    private static func eventually(_ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            if (try? await condition()) == true { return }
            try #require(ContinuousClock.now < deadline)
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test(arguments: Backend.allCases) func aServiceScrubsSweepsAndEnds(backend: Backend) async throws {
        try await Fixture.with(backend, "wakeup_time = 1") { fixture in
            let first = try await fixture.addImage()
            try await fixture.markPending(first)
            let beats = try await Self.withService(fixture) {
                try await Self.eventually { try await fixture.status(first) == .deleted }
                // A later run finds what is deleted meanwhile; dead processes are looked for without one.
                let second = try await fixture.addImage()
                try await fixture.markPending(second)
                let upload = UploadRecord(
                    imageID: UUIDText.random(), uploadID: "u1", storeID: "local",
                    process: .init(host: ProcessIdentity.current().host, pid: 1, startTime: 1))
                try await fixture.database.images.insert(Image(id: upload.imageID))
                try await fixture.database.uploads.begin(upload)
                try await Self.eventually { try await fixture.status(second) == .deleted }
                try await Self.eventually { try await fixture.status(upload.imageID) == .queued }
            }
            #expect(beats > 0)
        }
    }

    @Test(.timeLimit(.minutes(3))) func aDatabaseThatGoesAwayIsWaitedFor() async throws {
        try await withServer("postgresql") { server in
            let url = try server.setting("POSTGRESQL_URL") + "/postgres"
            try await Fixture.with(url: url, "wakeup_time = 1") { fixture in
                let id = try await fixture.addImage()
                let beats = try await Self.withService(fixture) {
                    try await server.stop()
                    try await Self.eventually { !fixture.log.occurrences(of: .scrubberWaiting).isEmpty }
                    try await server.start()
                    try await fixture.markPending(id)
                    try await Self.eventually { try await fixture.status(id) == .deleted }
                }
                #expect(beats > 0)
            }
        }
    }

    @Test func aDatabaseWithoutSchemaEndsTheStart() async throws {
        try await withTemporaryDirectory { directory in
            let configuration = try Configuration(
                text: """
                    [database]
                    connection = sqlite:///\(directory)/empty.sqlite
                    [glance_store]
                    filesystem_store_datadir = \(directory)/images
                    """)
            let error = await #expect(throws: StartFailure.self) {
                _ = try await ScrubberService(configuration: configuration, logger: .silent)
            }
            #expect(error?.description == "The database has no Glance schema; run: glance-manage db_sync")
        }
    }
}
