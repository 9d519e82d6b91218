import Events
import ImageModel
import TestSupport
import Testing

@testable import ImageDatabase

/// What the journal tells of a PostgreSQL that goes away and comes back: each outage once, each end once.
@Suite struct OutageEventTests {
    @Test(.timeLimit(.minutes(5))) func postgreSQL() async throws {
        let server = try await PostgresServer()
        let recorder = EventRecorder()
        var options = DatabaseOptions()
        options.maxPoolSize = 4
        let database = try ImageDatabase(url: server.url + "/postgres", options: options, logger: recorder.logger)
        /// Numbers of entries by `MESSAGE_ID`, which is what operators have written into their alarms.
        func counts() -> [Int] {
            ["5e817a61a38245e492bb86a6997419d0", "8776f42c7b6745fba2083a976ff7597e"].map { id in
                recorder.entries.count { $0.metadata["message_id"] == id }
            }
        }
        /// Many queries at once; how many were answered.
        func ask() async -> Int {
            await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<16 { group.addTask { (try? await database.images.find("a")) != nil } }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
        }
        try await withClosing(database) {
            _ = try await SchemaMigrator(database).upgrade(to: "heads")
            try await database.images.insert(Image(id: "a"))
            #expect(await ask() == 16)
            #expect(counts() == [0, 0])
            for outage in 1...2 {
                try await server.stop()
                // Each waits for about five seconds.
                #expect(await ask() == 0)
                #expect(counts() == [outage, outage - 1])
                // Some wait already when it comes back.
                async let early = ask()
                try await server.start()
                #expect(await early == 16)
                #expect(await ask() == 16)
                #expect(counts() == [outage, outage])
            }
        }
        let away = recorder.occurrences(of: .databaseUnreachable)
        #expect(away.allSatisfy { $0.level == .error && $0.metadata["error"]?.isEmpty == false })
        try await server.end()
    }
}
