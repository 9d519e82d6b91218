import Foundation
import ImageModel
import Testing

@testable import ImageDatabase

@Suite struct MigrationTests {
    private static let databases: [Backend] = [.postgreSQL, .sqlite]

    /// The schema as sorted lines, our own tables left out.
    private static func describe(_ database: ImageDatabase) async throws -> [String] {
        let sql =
            isSQLite(database)
            ? "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'glance_%' "
                + "AND name NOT LIKE 'glance_%'"
            : try text("describe-postgresql.sql")
        let statements = try await database.session.read(Statement(sql))[0].firstColumn()
        guard isSQLite(database) else { return statements }
        return statements.map { $0.replacingOccurrences(of: "\"images\"", with: "images") + ";" }.sorted()
            .flatMap { $0.split(separator: "\n").map(String.init) }
    }

    private static func isSQLite(_ database: ImageDatabase) -> Bool { database.session.dialect is SQLiteDialect }

    private static func text(_ name: String) throws -> String {
        let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Schemas")
        return try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8)
    }

    /// What Glance 33's own migrations leave, recorded from it.
    private static func glance33(_ backend: Backend) throws -> [String] {
        let name = backend == .sqlite ? "glance-33.sqlite" : "glance-33.postgresql"
        return try text(name).split(separator: "\n").map(String.init)
    }

    @Test(arguments: databases) func aNewDatabaseIsGlancesOwn(backend: Backend) async throws {
        try await backend.withDatabase { database in
            #expect(try await Self.describe(database) == Self.glance33(backend))
            #expect(try await SchemaMigrator(database).currentRevisions() == ["2024_1_contract01"])
            #expect(try await SchemaMigrator(database).need() == .nothing)
            try await database.checkSchema()
        }
    }

    @Test(
        arguments: databases,
        ["liberty", "mitaka02", "ocata_expand01", "rocky_expand01", "rocky_contract02", "wallaby_contract01"])
    func anOldDatabaseBecomesTheSame(backend: Backend, revision: String) async throws {
        try await backend.withURL { url in
            let database = try backend.open(url)
            try await withClosing(database) {
                let migrator = SchemaMigrator(database)
                #expect(try await migrator.upgrade(to: revision))
                #expect(try await migrator.currentRevisions() == [revision])
                _ = try await migrator.expand()
                _ = try await migrator.migrate()
                _ = try await migrator.contract()
                #expect(try await migrator.currentRevisions() == ["2024_1_contract01"])
                // A column that SQLite added to a table stands on the line of the one before it.
                let lines = { (lines: [String]) in
                    lines.joined(separator: ", ").replacing("\t", with: "").split(separator: ", ")
                }
                #expect(try await lines(Self.describe(database)) == lines(Self.glance33(backend)))
            }
        }
    }

    @Test(arguments: databases) func aZedDatabaseIsTakenOverByTwoTables(backend: Backend) async throws {
        try await backend.withURL { url in
            let database = try backend.open(url)
            try await withClosing(database) {
                let migrator = SchemaMigrator(database)
                _ = try await migrator.upgrade(to: "wallaby_contract01")
                await #expect(throws: DatabaseError.notMigrated("wallaby_contract01")) {
                    try await database.checkSchema()
                }
                #expect(try await migrator.need() == .expand)
                _ = try await migrator.expand()
                #expect(try await migrator.currentRevisions() == ["2024_1_expand01", "wallaby_contract01"])
                try await database.checkSchema()
                #expect(try await migrator.need() == .contract)
                #expect(try await migrator.migrate() == 0)
                #expect(try await migrator.contract())
                #expect(try await !migrator.contract())
                #expect(try await migrator.currentRevisions() == ["2024_1_contract01"])
            }
        }
    }

    @Test(arguments: databases) func oldDataGetsItsNewForm(backend: Backend) async throws {
        try await backend.withURL { url in
            let database = try backend.open(url)
            try await withClosing(database) {
                let migrator = SchemaMigrator(database)
                _ = try await migrator.upgrade(to: "mitaka02")
                for (id, isPublic) in [("public", true), ("shared", false), ("private", false)] {
                    try await database.session.write([
                        Statement(
                            """
                            INSERT INTO images (id, status, is_public, created_at, deleted, min_disk, min_ram, protected) \
                            VALUES ($1, 'active', $2, $3, false, 0, 0, false)
                            """, [.text(id), .bool(isPublic), .time(time(0))])
                    ])
                }
                try await database.session.write([
                    ImageWrites.insertMember(ImageMember(imageID: "shared", project: "p")),
                    LocationRows(cipher: nil).insert(
                        "public", ImageLocation(url: "file:///x", metadata: ["backend": "fast"]), at: time(0)),
                ])
                _ = try await migrator.expand()
                #expect(try await migrator.need() == .migrate)
                await #expect(throws: SchemaMigrator.Failure.needsMigrate) { _ = try await migrator.contract() }
                #expect(try await migrator.migrate() == 4)
                #expect(try await migrator.need() == .contract)
                _ = try await migrator.contract()
                for visibility in [Visibility.public, .shared, .private] {
                    #expect(try await database.images.find(visibility.rawValue)?.visibility == visibility)
                }
                #expect(try await database.images.find("public")?.locations.first?.metadata == ["store": "fast"])
            }
        }
    }

    @Test(arguments: databases) func twoMigrationsAtOnceAreOne(backend: Backend) async throws {
        try await backend.withURL { url in
            let databases = try (0..<4).map { _ in try backend.open(url) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for database in databases {
                    group.addTask { _ = try await SchemaMigrator(database).upgrade(to: "heads") }
                }
                try await group.waitForAll()
            }
            #expect(try await Self.describe(databases[0]) == Self.glance33(backend))
            for database in databases { await database.close() }
        }
    }

    @Test(arguments: databases) func aDatabaseOutOfOrderIsLeftAlone(backend: Backend) async throws {
        try await backend.withURL { url in
            let database = try backend.open(url)
            try await withClosing(database) {
                let migrator = SchemaMigrator(database)
                #expect(try await migrator.need() == .expand)
                #expect(try await migrator.currentRevisions() == [])
                await #expect(throws: DatabaseError.notMigrated(nil)) { try await database.checkSchema() }
                await #expect(throws: SchemaMigrator.Failure.needsExpand) { _ = try await migrator.contract() }
                await #expect(throws: SchemaMigrator.Failure.needsExpand) { _ = try await migrator.migrate() }
                await #expect(throws: SchemaMigrator.Failure.unknownRevision("x")) {
                    _ = try await migrator.upgrade(to: "x")
                }
                await #expect(throws: SchemaMigrator.Failure.unknownRevision("x")) { try await migrator.stamp("x") }
                _ = try await migrator.upgrade(to: "heads")
                try await database.session.write([Statement("UPDATE alembic_version SET version_num = 'of_the_future'")]
                )
                await #expect(throws: SchemaMigrator.Failure.unknownRevision("of_the_future")) {
                    _ = try await migrator.upgrade(to: "heads")
                }
                try await migrator.stamp("mitaka01")
                // The tables are there already: the error ends the migration, which must not try for ever.
                await #expect(throws: SchemaMigrator.Failure.self) { _ = try await migrator.upgrade(to: "heads") }
                try await database.session.write([Statement("DROP TABLE alembic_version")])
                await #expect(throws: SchemaMigrator.Failure.unmanaged) { _ = try await migrator.upgrade(to: "heads") }
                try await migrator.stamp("heads")
                #expect(try await migrator.currentRevisions() == ["2024_1_contract01"])
            }
        }
    }

    @Test(arguments: databases) func namesOfEarlyReleasesAreUnderstood(backend: Backend) async throws {
        try await backend.withURL { url in
            let database = try backend.open(url)
            try await withClosing(database) {
                let migrator = SchemaMigrator(database)
                _ = try await migrator.upgrade(to: "pike_contract01")
                try await database.session.write([Statement("UPDATE alembic_version SET version_num = 'pike01'")])
                #expect(try await migrator.currentRevisions() == ["pike_contract01"])
                _ = try await migrator.upgrade(to: "heads")
                #expect(try await migrator.currentRevisions() == ["2024_1_contract01"])
            }
        }
    }

    @Test func theGraphIsAlembics() {
        let graph = RevisionGraph()
        #expect(Revisions.all.count == 29)
        for revision in Revisions.all {
            for needed in [revision.parent, revision.dependency].compactMap({ $0 }) {
                #expect(graph.contains(needed), "\(revision.id) needs \(needed)")
            }
        }
        #expect(graph.closure(["2024_1_contract01"]).count == Revisions.all.count)
        #expect(
            graph.rows(["2024_1_expand01"], applying: "ocata_contract01") == ["2024_1_expand01", "ocata_contract01"])
        #expect(
            graph.rows(["2024_1_expand01", "2023_1_contract01"], applying: "2024_1_contract01") == ["2024_1_contract01"]
        )
        #expect(graph.path(from: ["wallaby_contract01"], to: "2024_1_contract01").first?.id == "xena_expand01")
    }
}
