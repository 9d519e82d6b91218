import ImageModel
import Logging
import Testing

@testable import ImageDatabase

@Suite struct SQLiteDriverTests {
    @Test func severalProcessesShareAFile() async throws {
        try await Backend.sqlite.withURL { url in
            // Separate pools lock each other out exactly as processes do.
            let databases = try (0..<4).map { _ in try Backend.sqlite.open(url) }
            _ = try await SchemaMigrator(databases[0]).upgrade(to: "heads")
            try await databases[0].images.insert(Image(id: "a"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for database in databases {
                    for _ in 0..<25 {
                        group.addTask {
                            try await database.session.write([
                                Statement(
                                    "UPDATE images SET min_ram = min_ram + 1 WHERE id = 'a'", required: .conflict),
                                Statement("UPDATE images SET min_disk = min_disk + 1 WHERE id = 'a'"),
                            ])
                        }
                        group.addTask {
                            let image = try await database.images.find("a")
                            #expect(image?.minRAM == image?.minDisk)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await databases[3].images.find("a")?.minRAM == 100)
            for database in databases { await database.close() }
        }
    }

    @Test func aBusyFileIsWaitedForThenUnavailable() async throws {
        try await Backend.sqlite.withURL { url in
            var options = DatabaseOptions()
            options.transactionRetries = 0
            let (one, two) = (try Backend.sqlite.open(url), try Backend.sqlite.open(url, options))
            _ = try await SchemaMigrator(one).upgrade(to: "heads")
            // A transaction that stays open: single statements run as they are.
            try await one.session.write([Statement("BEGIN IMMEDIATE")])
            await #expect {
                try await two.images.insert(Image(id: "a"))
            } throws: {
                if case .unavailable? = $0 as? DatabaseError { true } else { false }
            }
            try await one.session.write([Statement("ROLLBACK")])
            try await two.images.insert(Image(id: "a"))
            await one.close()
            await two.close()
        }
    }

    @Test func aPathThatCannotBeOpenedIsNamed() async throws {
        let database = try ImageDatabase(url: "sqlite:////nonexistent/x.sqlite", logger: Logger(label: "test"))
        await #expect {
            _ = try await database.images.find("a")
        } throws: { error in
            guard case .unavailable(let text)? = error as? DatabaseError else { return false }
            return text.contains("/nonexistent/x.sqlite")
        }
        await database.close()
        await database.close()
        await #expect(throws: DatabaseError.unavailable("the database was closed")) {
            _ = try await database.images.find("a")
        }
    }
}
