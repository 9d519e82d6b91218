import ImageModel
import Logging
import Testing
import TextCoding

@testable import ImageDatabase

/// What a session does about others that hold something, or are gone.
@Suite struct PostgresSessionTests {
    private static let databases: [Backend] = [.postgreSQL, .postgreSQLWithoutPipelining]

    @Test(.timeLimit(.minutes(2)), arguments: databases)
    func aLockThatIsHeldMakesARequestFailInBoundedTime(backend: Backend) async throws {
        try await backend.withURL { url in
            var options = DatabaseOptions()
            options.lockTimeout = 1
            let (holder, waiter) = (try backend.open(url), try backend.open(url, options))
            _ = try await SchemaMigrator(holder).upgrade(to: "heads")
            try await holder.images.insert(Image(id: "a"))
            let holding = Task {
                try await holder.session.write([
                    Statement("SELECT id FROM images WHERE id = 'a'", required: .notFound, locksRows: true),
                    Statement("SELECT pg_sleep(600)"),
                ])
            }
            let sleepers = Statement("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
            while try await waiter.session.read(sleepers)[0].count == 0 {}
            await #expect {
                try await waiter.tags.add("t", toImage: "a")
            } throws: { error in
                guard case .unavailable(let text)? = error as? DatabaseError else { return false }
                return text.contains("lock timeout")
            }
            _ = try await waiter.session.read(
                Statement("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
            await #expect(throws: DatabaseError.self) { try await holding.value }
            try await waiter.tags.add("t", toImage: "a")
            await holder.close()
            await waiter.close()
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: databases)
    func aTransactionWhoseProcessIsSilentLosesItsLocks(backend: Backend) async throws {
        try await backend.withURL { url in
            var options = DatabaseOptions()
            (options.maxPoolSize, options.maxOverflow, options.idleTransactionTimeout) = (1, 0, 1)
            let (silent, waiter) = (try backend.open(url, options), try backend.open(url))
            _ = try await SchemaMigrator(waiter).upgrade(to: "heads")
            try await waiter.images.insert(Image(id: "a"))
            // The connection goes back into the pool in the middle of a transaction, as if the process stood still there.
            try await silent.session.write([Statement("BEGIN")])
            try await silent.session.write([Statement("UPDATE images SET name = 'x' WHERE id = 'a'")])
            try await waiter.tags.add("t", toImage: "a")
            #expect(try await waiter.images.find("a")?.name == nil)
            #expect(try await silent.images.find("a")?.tags == ["t"], "the pool has replaced the session")
            await silent.close()
            await waiter.close()
        }
    }

    @Test func aTransactionIsNotRepeatedForLongerThanAnybodyWaits() async throws {
        var policy = RetryPolicy(DatabaseOptions())
        policy.longestWait = .milliseconds(1)
        let driver = CollidingDriver()
        await #expect(throws: DatabaseError.unavailable("busy")) {
            _ = try await driver.run([], .write, policy)
        }
        policy.longestWait = nil
        policy.longestPause = 1
        #expect(try await driver.run([], .write, policy).isEmpty)
    }

    /// Fails a few times.
    private final class CollidingDriver: SQLDriver {
        let dialect: any SQLDialect = PostgresDialect()
        private let failures = Failures()

        private actor Failures {
            private var left = 8
            func next() -> Bool {
                left -= 1
                return left >= 0
            }
        }

        func attempt(_ statements: [Statement], _ access: SQLAccess) async -> Result<[Rows], StatementFailure> {
            await failures.next() ? .failure(StatementFailure(.unavailable("busy"), retry: .afterPause)) : .success([])
        }

        func close() async {}
    }

    private static func settings(_ database: ImageDatabase) async throws -> [String] {
        let names = [
            "idle_in_transaction_session_timeout", "lock_timeout", "tcp_user_timeout", "tcp_keepalives_idle",
        ]
        var values: [String] = []
        for name in names {
            values += try await database.session.read(Statement("SELECT current_setting('\(name)')"))[0].firstColumn()
        }
        return values
    }

    @Test func settingsOfTheURLTheRoleAndTheDatabaseCountInstead() async throws {
        try await Backend.postgreSQL.withURL { url in
            let plain = try Backend.postgreSQL.open(url)
            #expect(try await Self.settings(plain) == ["10s", "15s", "30000", "30"])
            let given = try Backend.postgreSQL.open(url + "?options=-c%20lock_timeout%3D7s")
            #expect(try await Self.settings(given) == ["10s", "7s", "30000", "30"])
            var options = DatabaseOptions()
            (options.idleTransactionTimeout, options.lockTimeout, options.tcpUserTimeout) = (0, 0, 0)
            let none = try Backend.postgreSQL.open(url, options)
            #expect(try await Self.settings(none).prefix(2) == ["0", "0"])
            let name = try await plain.session.read(Statement("SELECT current_database()"))[0].firstColumn()[0]
            try await plain.session.write([
                Statement("ALTER DATABASE \(name) SET idle_in_transaction_session_timeout TO '99s'")
            ])
            let other = try Backend.postgreSQL.open(url)
            #expect(try await Self.settings(other) == ["99s", "15s", "30000", "30"])
            for database in [plain, given, none, other] { await database.close() }
        }
    }
}
