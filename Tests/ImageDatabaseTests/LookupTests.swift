import ImageModel
import Logging
import Synchronization
import Testing

@testable import ImageDatabase

/// Images that are wanted at the same time.
@Suite struct LookupTests {
    /// The last value whose writing was confirmed.
    private final class Written: Sendable { let number = Atomic(0) }

    /// Stands for an event loop whose turn lasts until it is told to go on.
    private final class Loop: Sendable {
        /// What is to run at the end of the turn; nil once it is over.
        private let due = Mutex<[@Sendable () -> Void]?>([])

        var turns: LookupTurns {
            LookupTurns { body in
                let isOver = self.due.withLock { due in
                    due?.append(body)
                    return due == nil
                }
                if isOver { body() }
            }
        }

        func goOn() {
            let bodies = due.withLock { due in
                defer { due = nil }
                return due ?? []
            }
            for body in bodies { body() }
        }
    }

    private static let databases: [Backend] = [.postgreSQL, .postgreSQLWithoutPipelining]

    @Test(arguments: databases) func whatWaitsGoesWithTheNextStatement(backend: Backend) async throws {
        try await Fixture.run(backend) { fixture in
            let ids = try await fixture.makeImages(20)
            let before = try await fixture.transactions()
            // Some of them twice, and some that are not there.
            let wanted = ids + ids.prefix(5) + [newID(), newID()]
            let (lock, first, finds) = try await fixture.holdUp(ids[0], wanted)
            try await fixture.release(lock)
            #expect(try await first.value?.id == ids[0])
            for (id, find) in zip(wanted, finds) {
                let found = try await find.value
                #expect(found?.id == (ids.contains(id) ? id : nil))
                #expect(found?.tags == (ids.contains(id) ? ["tag of \(id)"] : nil))
            }
            await fixture.database.close()
            // The first one, the others, and what opening a connection takes: fewer than there were images to find.
            #expect(try await fixture.transactions() - before < 16)
        }
    }

    @Test(arguments: databases) func whatIsWantedInOneTurnOfTheLoopGoesTogether(backend: Backend) async throws {
        let loop = Loop()
        try await Fixture.run(backend, turns: loop.turns) { fixture in
            let ids = try await fixture.makeImages(20)
            let before = try await fixture.transactions()
            let finds = ids.map { id in Task { try await fixture.database.images.find(id) } }
            try await fixture.waitForWaiting(ids.count)
            loop.goOn()
            for (id, find) in zip(ids, finds) { #expect(try await find.value?.id == id) }
            await fixture.database.close()
            // All of them, and what opening a connection takes.
            #expect(try await fixture.transactions() - before < 16)
        }
    }

    /// Each answer is read after its request came: whoever asks after a write was confirmed sees it.
    @Test(arguments: Backend.allCases) func nobodySeesWhatWasBeforeTheQuestion(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let id = newID()
            try await database.images.insert(Image(id: id))
            let written = Written()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 1...30 {
                        try await database.session.write([
                            Statement("UPDATE images SET min_ram = $1 WHERE id = $2", [.integer(number), .text(id)])
                        ])
                        written.number.store(number, ordering: .sequentiallyConsistent)
                    }
                }
                for _ in 0..<8 {
                    group.addTask {
                        while true {
                            let least = written.number.load(ordering: .sequentiallyConsistent)
                            let seen = try await database.images.find(id)?.minRAM ?? -1
                            #expect(seen >= least)
                            if least == 30 { return }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: databases) func anErrorIsThatOfItsOwnStatement(backend: Backend) async throws {
        try await Fixture.run(backend) { fixture in
            let ids = try await fixture.makeImages(5)
            let (lock, first, finds) = try await fixture.holdUp(ids[0], ids)
            try await fixture.administrate("pg_cancel_backend(pid)", of: "wait_event_type = 'Lock'")
            await #expect(throws: DatabaseError.self) { try await first.value }
            // Now those that waited wait for the lock, in one statement.
            try await fixture.waitForBlocked(1)
            #expect(fixture.waiting == 0)
            try await fixture.administrate("pg_cancel_backend(pid)", of: "wait_event_type = 'Lock'")
            for find in finds { await #expect(throws: DatabaseError.self) { try await find.value } }
            let after = Task { try await fixture.database.images.find(ids[0]) }
            try await fixture.waitForBlocked(1)
            try await fixture.release(lock)
            #expect(try await after.value?.id == ids[0])
        }
    }

    @Test(arguments: databases) func aConnectionThatBreaksIsNotNoticed(backend: Backend) async throws {
        try await Fixture.run(backend) { fixture in
            let ids = try await fixture.makeImages(5)
            let (lock, first, finds) = try await fixture.holdUp(ids[0], ids)
            for _ in 0..<3 {
                try await fixture.administrate("pg_terminate_backend(pid, 10000)", of: "wait_event_type = 'Lock'")
                try await fixture.waitForBlocked(1)
            }
            try await fixture.release(lock)
            #expect(try await first.value?.id == ids[0])
            for (id, find) in zip(ids, finds) { #expect(try await find.value?.id == id) }
        }
    }

    @Test(arguments: databases) func whoIsCancelledTakesNobodyAlong(backend: Backend) async throws {
        try await Fixture.run(backend) { fixture in
            let ids = try await fixture.makeImages(6)
            let (lock, first, finds) = try await fixture.holdUp(ids[0], ids)
            first.cancel()
            for find in finds.prefix(3) { find.cancel() }
            try await fixture.release(lock)
            for (id, find) in zip(ids, finds).suffix(3) { #expect(try await find.value?.id == id) }
        }
    }

    /// A statement that is slow keeps nobody for longer than others have patience.
    @Test(arguments: databases) func whatIsSlowIsNotWaitedFor(backend: Backend) async throws {
        try await Fixture.run(backend, patience: 1_000_000) { fixture in
            let id = try await fixture.makeImages(1)[0]
            let slow = LookupStatements(one: "SELECT pg_sleep(600), $1", many: "SELECT pg_sleep(600), $1")
            let sleeping = Task { try await fixture.database.session.read(Lookup(statements: slow, key: "a")) }
            try await fixture.waitFor(1, "wait_event = 'PgSleep'")
            for _ in 0..<3 { #expect(try await fixture.database.images.find(id)?.id == id) }
            try await fixture.administrate("pg_cancel_backend(pid)", of: "wait_event = 'PgSleep'")
            await #expect(throws: DatabaseError.self) { _ = try await sleeping.value }
        }
    }

    @Test(arguments: databases) func theEndServesThoseWhoWait(backend: Backend) async throws {
        try await Fixture.run(backend) { fixture in
            let ids = try await fixture.makeImages(5)
            let (lock, first, finds) = try await fixture.holdUp(ids[0], ids)
            let end = Task { await fixture.database.close() }
            while fixture.waiting > 0 { await Task.yield() }
            try await fixture.release(lock)
            #expect(try await first.value?.id == ids[0])
            for (id, find) in zip(ids, finds) { #expect(try await find.value?.id == id) }
            await end.value
            await #expect(throws: DatabaseError.self) { try await fixture.database.images.find(ids[0]) }
        }
    }

    /// What clients make up is looked for like anything else, and spoils nobody's statement.
    @Test(arguments: Backend.allCases) func anyIDIsLookedFor(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let odd = ["NULL", "null", "", "{", "\"", "\\", "a,b", "{a}", "'", "ü", "%", " a", "A-1"]
            let id = newID()
            for id in odd + [id] { try await database.images.insert(Image(id: id, name: "name of \(id)")) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in odd + [id] + odd {
                    group.addTask {
                        let found = try await database.images.find(id)
                        #expect(found?.name == "name of \(id)")
                    }
                }
                for id in ["Null", "a-1", "}", "ä", String(repeating: "a", count: 2000), id.uppercased()] {
                    group.addTask {
                        let found = try await database.images.find(id)
                        #expect(found == nil)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: [
        ("00000000-0000-4000-8000-000000000001", true), ("ABCdef-9", true), ("a\0b", false), ("a b", false),
        ("é", false),
        ("{", false), ("\"", false), ("", true), (String(repeating: "a", count: 37), false),
    ]) func idsAreLookedForTogetherWhereNothingCanBeWrongWithThem(key: String, isPlain: Bool) {
        #expect(Lookup(statements: .init(one: "", many: nil), key: key).isPlain == isPlain)
    }

    /// Each of them costs what it costs alone, by the plan for any parameters.
    @Test func whatIsReadDoesNotDependOnHowManyImagesThereAre() async throws {
        try await Backend.postgreSQL.withDatabase { database in
            let many = try #require(database.session.liveImageByID.many)
            try await database.session.write([
                Statement(
                    """
                    INSERT INTO images (id, status, created_at, deleted, min_disk, min_ram, protected, visibility, \
                    os_hidden) SELECT md5(n::text)::uuid::text, 'queued', now(), false, 0, 0, false, 'shared', false \
                    FROM generate_series(1, 20000) n
                    """),
                Statement(
                    """
                    INSERT INTO image_tags (image_id, value, created_at, deleted) \
                    SELECT md5(n::text)::uuid::text, 'tag', now(), false FROM generate_series(1, 20000) n
                    """),
            ])
            for table in ["images", "image_members", "image_tags", "image_properties", "image_locations"] {
                try await database.session.write([Statement("VACUUM ANALYZE \(table)")])
            }
            let ids = (1...16).map { "md5('\($0 * 1000)')::uuid::text" }.joined(separator: ", ")
            let rows = try await database.session.write([
                Statement("SET LOCAL plan_cache_mode = force_generic_plan"),
                Statement("PREPARE found (text[]) AS \(many)"),
                Statement("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) EXECUTE found (ARRAY[\(ids)])"),
                Statement("DEALLOCATE found"),
            ])
            let plan = rows[2].firstColumn()
            #expect(plan.first?.contains("rows=16 ") == true)
            let buffers = try #require(plan.first { $0.contains("Buffers: shared") })
            let counts = buffers.matches(of: /(?:hit|read)=(\d+)/).compactMap { Int($0.output.1) }
            #expect(counts.reduce(0, +) < 600, "\(plan.joined(separator: "\n"))")
        }
    }
}

/// A database whose lookups wait for each other as long as it takes, and others that look at it and hold it up.
private struct Fixture: Sendable {
    let database: ImageDatabase
    /// In no way connected with the first one.
    private let administration: ImageDatabase
    private let backend: Backend
    private let url: String
    private let name: String
    private let mailbox: PostgresMailbox

    static func run(
        _ backend: Backend, patience: Int64 = 600_000_000_000, turns: LookupTurns? = nil,
        _ body: @Sendable (Fixture) async throws -> Void
    ) async throws {
        try await backend.withURL { url in
            let setup = try backend.open(url)
            try await withClosing(setup) { _ = try await SchemaMigrator(setup).upgrade(to: "heads") }
            guard case .postgreSQL(let parameters) = try DatabaseURL(url),
                let name = parameters.first(where: { $0.keyword == "dbname" })?.value
            else { return }
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let driver = try PostgresDriver(
                parameters, options: DatabaseOptions(), pipelining: backend == .postgreSQL, patience: patience,
                turns: turns, logger: logger)
            let fixture = Fixture(
                database: ImageDatabase(
                    driver: driver, policy: RetryPolicy(DatabaseOptions()), logger: logger),
                administration: try backend.open(try await PostgresServer.shared().url + "/postgres"),
                backend: backend, url: url, name: name, mailbox: driver.mailbox)
            try await withClosing(fixture.administration) {
                try await withClosing(fixture.database) { try await body(fixture) }
            }
        }
    }

    /// Lookups that no statement has been sent for.
    var waiting: Int { mailbox.waitingLookups }

    func makeImages(_ count: Int) async throws -> [String] {
        let ids = (0..<count).map { _ in newID() }
        let writer = try backend.open(url)
        try await withClosing(writer) {
            for id in ids { try await writer.images.insert(Image(id: id, tags: ["tag of \(id)"])) }
        }
        return ids
    }

    typealias Find = Task<Image?, any Error>

    /// Looks for one image, which is held up by a lock on their table, and for others, which wait until that is over.
    func holdUp(
        _ id: String, _ others: [String]
    ) async throws -> (lock: Task<Void, Never>, first: Find, others: [Find]) {
        let lock = try await lockImages()
        let first = find(id)
        try await waitForBlocked(1)
        let finds = others.map(find)
        try await waitForWaiting(others.count)
        return (lock, first, finds)
    }

    private func find(_ id: String) -> Find { Task { try await database.images.find(id) } }

    /// Keeps everybody from reading images until it is released.
    private func lockImages() async throws -> Task<Void, Never> {
        let holder = try backend.open(url)
        let task = Task {
            // A requirement makes it a transaction that begins and ends, in which alone a table can be locked.
            _ = try? await holder.session.write([
                Statement("SELECT 1", required: .conflict), Statement("LOCK TABLE images IN ACCESS EXCLUSIVE MODE"),
                Statement("SELECT pg_sleep(600)"),
            ])
            await holder.close()
        }
        try await waitFor(1, "wait_event = 'PgSleep'")
        return task
    }

    func release(_ lock: Task<Void, Never>) async throws {
        try await administrate("pg_cancel_backend(pid)", of: "wait_event = 'PgSleep'")
        await lock.value
    }

    func waitForBlocked(_ count: Int) async throws { try await waitFor(count, "wait_event_type = 'Lock'") }

    func waitForWaiting(_ count: Int) async throws {
        while waiting < count { await Task.yield() }
        #expect(waiting == count)
    }

    /// Waits until so many sessions on the database are in a state.
    func waitFor(_ count: Int, _ condition: String) async throws {
        while try await sessions("pid", condition) != count {}
    }

    func administrate(_ call: String, of condition: String) async throws { _ = try await sessions(call, condition) }

    private func sessions(_ column: String, _ condition: String) async throws -> Int {
        try await administration.session.read(
            Statement(
                "SELECT \(column) FROM pg_stat_activity WHERE datname = $1 AND \(condition)", [.text(name)]))[0].count
    }

    /// Transactions that sessions which have ended have committed.
    func transactions() async throws -> Int64 {
        try await waitFor(0, "true")
        let rows = try await administration.session.read(
            Statement("SELECT xact_commit FROM pg_stat_database WHERE datname = $1", [.text(name)]))
        return try #require(try rows[0][0].integer(0))
    }
}
