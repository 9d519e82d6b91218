import ImageModel
import Logging
import Testing

@testable import ImageDatabase

@Suite struct PostgresDriverTests {
    private static let databases: [Backend] = [.postgreSQL, .postgreSQLWithoutPipelining]

    @Test(arguments: Backend.allCases) func aRequirementThatIsNotMetUndoesEverything(backend: Backend)
        async throws
    {
        try await backend.withDatabase { database in
            let (one, two) = (Image(id: newID()), Image(id: newID()))
            for required in [0, 1, 2] {
                var statements = [
                    ImageWrites.insertRow(one), ImageWrites.insertRow(two),
                    Statement("UPDATE images SET name = 'x' WHERE id = $1", [.text(one.id)]),
                ]
                statements.insert(
                    Statement("SELECT id FROM images WHERE id = 'none'", required: .limitReached, locksRows: true),
                    at: required)
                await #expect(throws: DatabaseError.limitReached) { try await database.session.write(statements) }
                let stored = try await database.images.find(one.id)
                #expect(stored == nil)
            }
            var last = Statement("UPDATE images SET name = 'x' WHERE id = 'none'")
            last.required = .conflict
            await #expect(throws: DatabaseError.conflict) {
                try await database.session.write([ImageWrites.insertRow(one), last])
            }
            let stored = try await database.images.find(one.id)
            #expect(stored == nil)
        }
    }

    @Test(arguments: Backend.allCases) func anErrorIsOneStatementsNotTheConnections(backend: Backend)
        async throws
    {
        try await backend.withDatabase { database in
            for _ in 0..<3 {
                await #expect(throws: DatabaseError.self) {
                    _ = try await database.session.read(Statement("SELECT nonsense"))
                }
                await #expect(throws: DatabaseError.self) {
                    try await database.session.write([
                        ImageWrites.insertRow(Image(id: "x")), Statement("INSERT INTO nowhere"),
                    ])
                }
                let stored = try await database.images.find("x")
                #expect(stored == nil)
            }
        }
    }

    @Test(arguments: databases) func aTextWithAZeroByteIsRefused(backend: Backend) async throws {
        try await backend.withDatabase { database in
            await #expect(throws: DatabaseError.self) { try await database.images.insert(Image(id: "a\0b")) }
            let stored = try await database.images.list(.everything)
            #expect(stored.isEmpty)
        }
    }

    @Test(arguments: Backend.allCases) func manyShapesOfStatementsDoNotPileUp(backend: Backend) async throws {
        var options = DatabaseOptions()
        options.maxPoolSize = 1
        try await backend.withDatabase(options: options) { database in
            for number in 0..<600 {
                let rows = try await database.session.read(
                    Statement("SELECT \(number), CAST($1 AS text)", [.text("x")]))
                #expect(try rows[0][0].integer(0) == Int64(number))
            }
            if backend != .sqlite {
                let count = try await database.session.read(Statement("SELECT count(*) FROM pg_prepared_statements"))
                #expect(try #require(try count[0][0].integer(0)) < 300)
                for number in 0..<100 {
                    let long = "SELECT \(number), '" + String(repeating: "x", count: 15_000) + "'"
                    _ = try await database.session.read(Statement(long))
                }
                let bytes = try await database.session.read(
                    Statement("SELECT sum(length(statement)) FROM pg_prepared_statements"))
                #expect(try #require(try bytes[0][0].integer(0)) < 600_000)
            }
        }
    }

    @Test(arguments: databases) func collidingTransactionsAllSucceed(backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await database.images.insert(Image(id: "a"))
            try await database.images.insert(Image(id: "b"))
            // Each locks the two rows in the opposite order of half of the others: without a repetition some would end
            // as victims of a deadlock.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    let order = number % 2 == 0 ? ["a", "b"] : ["b", "a"]
                    group.addTask {
                        try await database.session.write(
                            order.map {
                                Statement(
                                    "UPDATE images SET min_ram = min_ram + 1 WHERE id = $1", [.text($0)],
                                    required: .conflict)
                            })
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await database.images.find("a")?.minRAM == 8)
            #expect(try await database.images.find("b")?.minRAM == 8)
        }
    }

    @Test(arguments: databases) func aSessionThatTheServerEndedIsNotNoticed(backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await database.images.insert(Image(id: "a"))
            for _ in 0..<5 {
                // With the time that they have to be gone: what is sent before that may have been carried out or not.
                _ = try? await database.session.read(
                    Statement(
                        """
                        SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
                        WHERE datname = current_database() AND pid <> pg_backend_pid()
                        """))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<8 {
                        group.addTask { try await database.tags.add("t\(number)", toImage: "a") }
                        group.addTask { _ = try await database.images.find("a") }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(try await database.images.find("a")?.tags.count == 8)
        }
    }

    @Test(arguments: databases) func aRestartOfTheServerFailsOnlyWhatWasRunning(backend: Backend)
        async throws
    {
        let server = try await PostgresServer()
        let database = try backend.open(server.url + "/postgres")
        try await withClosing(database) {
            _ = try await SchemaMigrator(database).upgrade(to: "heads")
            try await database.images.insert(Image(id: "a"))
            // Sleeps in the server until the server goes: the only statement in flight.
            let running = Task {
                try await database.session.write([
                    Statement("UPDATE images SET name = 'late' WHERE pg_sleep(600) IS NOT NULL")
                ])
            }
            try await Self.waitForSleeper(database)
            try await server.stop()
            await #expect(throws: DatabaseError.self) { try await running.value }
            let waiting = Task { try await database.tags.add("t", toImage: "a") }
            try await server.start()
            try await waiting.value
            #expect(try await database.images.find("a")?.tags == ["t"])
            #expect(try await database.images.find("a")?.name == nil)
        }
        try await server.end()
    }

    @Test func aServerThatIsNotThereIsNamedItsPasswordIsNot() async throws {
        var options = DatabaseOptions()
        options.maxRetries = 1
        options.retryInterval = 0
        let database = try ImageDatabase(
            url: "postgresql://glance:secret@127.0.0.1:1/glance", options: options, logger: Logger(label: "test"))
        try await withClosing(database) {
            for _ in 0..<2 {
                await #expect {
                    _ = try await database.images.find("a")
                } throws: { error in
                    guard case .unavailable(let text)? = error as? DatabaseError else { return false }
                    return text.contains("127.0.0.1") && !text.contains("secret")
                }
            }
        }
        await #expect(throws: DatabaseError.unavailable("the database was closed")) {
            _ = try await database.images.find("a")
        }
    }

    @Test func aWrongPasswordEndsTheAttemptAtOnce() async throws {
        let server = try await PostgresServer.shared()
        let host = server.url.split(separator: "@").last ?? ""
        let database = try ImageDatabase(
            url: "postgresql://glance:wrong-secret@\(host)/postgres", logger: Logger(label: "test"))
        try await withClosing(database) {
            await #expect {
                _ = try await database.images.find("a")
            } throws: { error in
                guard case .unavailable(let text)? = error as? DatabaseError else { return false }
                return text.contains("authentication failed") && !text.contains("wrong-secret")
            }
        }
    }

    /// Waits until some session of the server sleeps.
    private static func waitForSleeper(_ database: ImageDatabase) async throws {
        let sleepers = Statement(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
        while try await database.session.read(sleepers)[0].count == 0 {}
    }

    @Test(arguments: databases) func aFullPoolMakesStatementsWaitThenFail(backend: Backend) async throws {
        var options = DatabaseOptions()
        (options.maxPoolSize, options.maxOverflow, options.poolTimeout) = (1, 0, 1)
        try await backend.withURL { url in
            let (watcher, database) = (try backend.open(url), try backend.open(url, options))
            _ = try await SchemaMigrator(watcher).upgrade(to: "heads")
            let blocking = Task { _ = try await database.session.read(Statement("SELECT pg_sleep(3)")) }
            try await Self.waitForSleeper(watcher)
            await #expect(throws: DatabaseError.self) { _ = try await database.images.find("a") }
            try await blocking.value
            let stored = try await database.images.find("a")
            #expect(stored == nil)
            await database.close()
            await watcher.close()
        }
    }

    @Test(arguments: databases) func aBusyPoolGrowsBeyondItsSize(backend: Backend) async throws {
        var options = DatabaseOptions()
        (options.maxPoolSize, options.maxOverflow) = (1, 1)
        try await backend.withURL { url in
            let (watcher, database) = (try backend.open(url), try backend.open(url, options))
            let blocking = Task { _ = try await database.session.read(Statement("SELECT pg_sleep(600)")) }
            try await Self.waitForSleeper(watcher)
            let rows = try await database.session.read(Statement("SELECT 1"))
            #expect(rows[0].count == 1, "answered while the only connection of the pool sleeps")
            _ = try await watcher.session.read(
                Statement("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
            await #expect(throws: DatabaseError.self) { try await blocking.value }
            await database.close()
            await watcher.close()
        }
    }

    @Test func aDateStyleOfTheServersDoesNotMatter() async throws {
        try await Backend.postgreSQL.withDatabase { database in
            let name = try await database.session.read(Statement("SELECT current_database()"))[0].firstColumn()[0]
            try await database.session.write([Statement("ALTER DATABASE \(name) SET DateStyle TO 'German, DMY'")])
            try await database.images.insert(Image(id: "a", createdAt: time(3)))
            let server = try await PostgresServer.shared()
            let other = try Backend.postgreSQL.open(server.url + "/" + name)
            try await withClosing(other) {
                let stored = try await other.images.find("a")
                #expect(stored?.createdAt == time(3))
            }
        }
    }
}
