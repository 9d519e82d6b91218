import ImageModel
import Testing
import TextCoding

@testable import ImageDatabase

/// Our own index on Glance's table of locations.
@Suite struct LocationIndexTests {
    private static let databases: [Backend] = [.postgreSQL, .sqlite]
    private static let name = "glance_image_locations_value_idx"

    @Test(arguments: databases) func theCheckForSharedURLsDoesNotReadAllLocations(backend: Backend)
        async throws
    {
        try await backend.withURL { url in
            let database = try backend.open(url)
            _ = try await SchemaMigrator(database).upgrade(to: "heads")
            let ids = (0..<3000).map { _ in newID() }
            // A URL may be longer than an entry of an ordinary index.
            let long = "http://x/" + String(repeating: "long", count: 2000)
            try await database.session.write(
                ids.flatMap { id in
                    [
                        ImageWrites.insertRow(Image(id: id)),
                        LocationRows(cipher: nil).insert(id, ImageLocation(url: "file:///images/\(id)"), at: time(0)),
                    ]
                } + [LocationRows(cipher: nil).insert(ids[0], ImageLocation(url: long), at: time(0))])
            try await database.session.write([Statement("ANALYZE image_locations")])
            // SQLite explains by the schema that a connection saw last, without another look.
            await database.close()
            let reader = try backend.open(url)
            let explain = backend == .sqlite ? "EXPLAIN QUERY PLAN " : "EXPLAIN "
            for statement in reader.locations.givingUp(1, "file:///images/\(ids[7])") {
                var explained = statement
                explained.sql = explain + statement.sql
                let rows = try await reader.session.read(explained)[0]
                let column = backend == .sqlite ? 3 : 0
                let plan = (0..<rows.count).compactMap { rows[$0].text(column) }.joined(separator: "\n")
                #expect(plan.contains(Self.name), "\(plan)")
                #expect(!plan.contains("Seq Scan") && !plan.contains("SCAN image"), "\(plan)")
            }
            await reader.close()
        }
    }

    @Test(arguments: databases) func itIsMissingUntilDbSyncMakesIt(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let migrator = SchemaMigrator(database)
            #expect(try await migrator.missingIndexes().isEmpty)
            try await database.session.write([Statement("DROP INDEX \(Self.name)")])
            // What a start does on a database of Glance's own.
            try await database.checkSchema()
            #expect(try await migrator.missingIndexes() == [Self.name])
            _ = try await migrator.upgrade(to: "heads")
            #expect(try await migrator.missingIndexes().isEmpty)
        }
    }

    @Test func anIndexWhoseMakingWasInterruptedIsMadeAnew() async throws {
        try await Backend.postgreSQL.withDatabase { database in
            let migrator = SchemaMigrator(database)
            // Only this flag tells such an index from a good one.
            try await database.session.write([
                Statement(
                    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass($1)", [.text(Self.name)])
            ])
            #expect(try await migrator.missingIndexes() == [Self.name])
            try await migrator.createOwnIndexes()
            #expect(try await migrator.missingIndexes().isEmpty)
        }
    }

    @Test func writersAreNotKeptAwayWhileItIsMade() async throws {
        try await Backend.postgreSQL.withURL { url in
            let (database, other) = (try Backend.postgreSQL.open(url), try Backend.postgreSQL.open(url))
            let migrator = SchemaMigrator(database)
            _ = try await migrator.upgrade(to: "heads")
            try await database.images.insert(Image(id: "a"))
            try await database.session.write([Statement("DROP INDEX \(Self.name)")])
            // Making it waits for this transaction, which writes on meanwhile.
            let writing = Task {
                try await other.session.write([
                    LocationRows(cipher: nil).insert("a", ImageLocation(url: "file:///1"), at: time(0)),
                    Statement("SELECT pg_sleep(600)"),
                ])
            }
            let sleepers = Statement("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
            while try await other.session.read(sleepers)[0].count == 0 {}
            let making = Task { try await migrator.createOwnIndexes() }
            let makers = Statement(
                "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock'")
            while try await other.session.read(makers)[0].count == 0 {}
            try await other.session.write([
                LocationRows(cipher: nil).insert("a", ImageLocation(url: "file:///2"), at: time(0))
            ])
            _ = try await other.session.read(
                Statement("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
            await #expect(throws: DatabaseError.self) { try await writing.value }
            try await making.value
            #expect(try await migrator.missingIndexes().isEmpty)
            await database.close()
            await other.close()
        }
    }
}
