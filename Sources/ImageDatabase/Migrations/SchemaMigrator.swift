/// Brings a database to the schema of this release: what `glance-manage db` does.
///
/// Every revision is applied in one transaction together with the change of `alembic_version`, so an interrupted
/// migration continues where it stopped, and of two that run at the same time each revision is applied by one.
public struct SchemaMigrator: Sendable {
    private let session: DatabaseSession
    private let graph = RevisionGraph()

    public init(_ database: ImageDatabase) { session = database.session }

    /// What `glance-manage db check` reports.
    public enum Need: Sendable, Equatable {
        case nothing, expand, migrate, contract
    }

    public enum Failure: Error, Sendable, Equatable {
        /// A revision that no release of Glance known here has, given or found in the database.
        case unknownRevision(String)
        /// Glance's tables are there, but not under Alembic's control.
        case unmanaged
        case needsExpand
        case needsMigrate
        case database(DatabaseError)
    }

    /// The newest revision of the expand phase.
    public static var expandHead: String { Revisions.expandHead }
    /// The newest revision; the only one in a complete database.
    public static var contractHead: String { Revisions.contractHead }

    /// The rows of `alembic_version`, sorted; none when the table is missing.
    public func currentRevisions() async throws(Failure) -> [String] {
        try await wrap { () async throws(DatabaseError) in
            do throws(DatabaseError) {
                return try await session.read(Statement("SELECT version_num FROM alembic_version"))[0]
                    .firstColumn().map { RevisionGraph.renamed[$0] ?? $0 }.sorted()
            } catch {
                if error.sqlState == DatabaseError.undefinedTable { return [] }
                throw error
            }
        }
    }

    /// What is still to be done.
    public func need() async throws(Failure) -> Need {
        let applied = graph.closure(try await knownRevisions())
        if applied.contains(Revisions.contractHead) { return .nothing }
        if !applied.contains(Revisions.expandHead) { return .expand }
        return try await hasPendingData() ? .migrate : .contract
    }

    /// Adds what is new. False when nothing was missing.
    public func expand() async throws(Failure) -> Bool {
        try await upgrade(to: Revisions.expandHead)
    }

    /// Moves data into its new form and returns the number of rows changed.
    public func migrate() async throws(Failure) -> Int {
        guard graph.closure(try await knownRevisions()).contains(Revisions.expandHead) else { throw .needsExpand }
        return try await wrap { () async throws(DatabaseError) in
            var count = 0
            for migration in DataMigration.all where try await migration.isPending(session) {
                count += try await migration.run(session)
            }
            return count
        }
    }

    /// Removes what nothing uses any more. False when nothing was left to do.
    public func contract() async throws(Failure) -> Bool {
        guard graph.closure(try await knownRevisions()).contains(Revisions.expandHead) else { throw .needsExpand }
        if try await hasPendingData() { throw .needsMigrate }
        return try await upgrade(to: Revisions.contractHead)
    }

    /// Applies everything up to a revision (`heads` is the newest). False when it was applied before.
    public func upgrade(to target: String) async throws(Failure) -> Bool {
        let target = target == "heads" || target == "head" ? Revisions.contractHead : target
        guard graph.contains(target) else { throw .unknownRevision(target) }
        var hasChanged = false
        while true {
            let current = try await knownRevisions()
            if current.isEmpty { try await startVersioning() }
            guard let next = graph.path(from: current, to: target).first else { break }
            if let collision = try await apply(next, on: current), try await currentRevisions() == current {
                throw .database(collision)
            }
            hasChanged = true
        }
        try await createOwnTables()
        // They are of columns that old releases don't have.
        if graph.closure(try await knownRevisions()).contains(Revisions.expandHead) { try await createOwnIndexes() }
        return hasChanged
    }

    /// Writes a revision into `alembic_version` without touching anything else.
    public func stamp(_ target: String) async throws(Failure) {
        let target = target == "heads" || target == "head" ? Revisions.contractHead : target
        guard graph.contains(target) else { throw .unknownRevision(target) }
        try await createVersionTable()
        try await wrap { () async throws(DatabaseError) in
            _ = try await session.write([
                Statement("DELETE FROM alembic_version"),
                Statement("INSERT INTO alembic_version (version_num) VALUES ($1)", [.text(target)]),
            ])
        }
    }

    /// Creates our own tables, unless they are there.
    public func createOwnTables() async throws(Failure) {
        try await wrap { () async throws(DatabaseError) in
            try await raced([Statement(ApplianceTables.versionTable)])
            while true {
                let current = try await ownVersion()
                guard ApplianceTables.versions.indices.contains(current) else { return }
                var statements = [
                    Statement(
                        "INSERT INTO glance_appliance_version (version) VALUES ($1)", [.integer(current + 1)])
                ]
                for change in ApplianceTables.versions[current] {
                    statements += try await change.statements(on: session)
                }
                if let collision = try await raced(statements), try await ownVersion() == current { throw collision }
            }
        }
    }

    /// Creates our own indexes on Glance's tables, unless they are there. Others can write meanwhile; it takes its time on a
    /// large table.
    public func createOwnIndexes() async throws(Failure) {
        try await wrap { () async throws(DatabaseError) in
            let schema = session.dialect.schema
            for index in AddedIndex.all {
                var tries = 0
                while try await !isUsable(index) {
                    do throws(DatabaseError) {
                        // Waits for whoever makes it just now. What is unusable then is what an interruption has left.
                        try await session.write([
                            Statement(schema.createIndex(index))
                        ])
                        if try await isUsable(index) { break }
                        try await session.write([Statement(schema.dropIndex(index.name))])
                    } catch {
                        // Two that make the same index may be in each other's way: one of them gets it done.
                        tries += 1
                        if tries == 5 { throw error }
                    }
                }
            }
        }
    }

    /// Our own indexes that are not there, or not usable, so that some queries read whole tables.
    public func missingIndexes() async throws(Failure) -> [String] {
        try await wrap { () async throws(DatabaseError) in
            var missing: [String] = []
            for index in AddedIndex.all where try await !isUsable(index) { missing.append(index.name) }
            return missing
        }
    }

    private func isUsable(_ index: AddedIndex) async throws(DatabaseError) -> Bool {
        let rows = try await session.read(Statement(session.dialect.schema.findIndex, [.text(index.name)]))[0]
        return rows.count > 0 && rows[0].bool(0)
    }

    /// The encoding in which the database keeps texts, if it is none of Unicode: then there are texts that Glance's API
    /// allows and the database refuses, or measures in bytes. Nil when all is well.
    public func unsuitableEncoding() async throws(Failure) -> String? {
        try await wrap { () async throws(DatabaseError) in
            let encoding = try await session.read(Statement(session.dialect.schema.encoding))[0].firstColumn().first
            guard let encoding, !encoding.hasPrefix("UTF") else { return nil }
            return encoding
        }
    }

    /// How far our own tables are, and how far this release wants them. 0 is none.
    public func ownTables() async throws(Failure) -> (version: Int, newest: Int) {
        let version = try await wrap { () async throws(DatabaseError) in
            do throws(DatabaseError) {
                return try await ownVersion()
            } catch {
                if error.sqlState == DatabaseError.undefinedTable { return 0 }
                throw error
            }
        }
        return (version, ApplianceTables.versions.count)
    }

    // MARK: Steps

    /// Returns the error if another process may have been faster.
    private func apply(_ revision: Revision, on current: [String]) async throws(Failure) -> DatabaseError? {
        let rows = graph.rows(current, applying: revision.id)
        return try await wrap { () async throws(DatabaseError) in
            var statements = lockVersions(current)
            for replaced in current where !rows.contains(replaced) {
                for name in [replaced] + RevisionGraph.renamed.filter({ $0.value == replaced }).keys.sorted() {
                    statements.append(Statement("DELETE FROM alembic_version WHERE version_num = $1", [.text(name)]))
                }
            }
            if rows.contains(revision.id) {
                statements.append(
                    Statement("INSERT INTO alembic_version (version_num) VALUES ($1)", [.text(revision.id)]))
            }
            for change in revision.changes { statements += try await change.statements(on: session) }
            session.logger.debug("Applying revision \(revision.id)")
            return try await raced(statements)
        }
    }

    /// Keeps other migrations away for the rest of the transaction, and ends it if one has been faster.
    private func lockVersions(_ current: [String]) -> [Statement] {
        var check = StatementBuilder()
        let count = check.bind(.integer(current.count))
        check.append("SELECT 1\(session.dialect.noTable) WHERE (SELECT COUNT(*) FROM alembic_version) = \(count)")
        let names = current + RevisionGraph.renamed.filter { current.contains($0.value) }.keys.sorted()
        if !names.isEmpty {
            let places = names.map { check.bind(.text($0)) }.joined(separator: ", ")
            check.append(" AND (SELECT COUNT(*) FROM alembic_version WHERE version_num IN (\(places))) = \(count)")
        }
        var guardian = check.statement
        guardian.required = .conflict
        return session.dialect.schema.lock("alembic_version") + [guardian]
    }

    private func knownRevisions() async throws(Failure) -> [String] {
        let current = try await currentRevisions()
        if let unknown = current.first(where: { !graph.contains($0) }) { throw .unknownRevision(unknown) }
        return current
    }

    private func hasPendingData() async throws(Failure) -> Bool {
        try await wrap { () async throws(DatabaseError) in
            for migration in DataMigration.all where try await migration.isPending(session) { return true }
            return false
        }
    }

    /// A new database gets its version table; one with Glance's tables but without versions is left alone.
    private func startVersioning() async throws(Failure) {
        let isInUse = try await wrap { () async throws(DatabaseError) in
            try await session.hasColumn("id", inTable: "images")
        }
        // Another process may be creating the first tables at this moment.
        if isInUse, try await currentRevisions().isEmpty { throw .unmanaged }
        try await createVersionTable()
    }

    private func createVersionTable() async throws(Failure) {
        _ = try await wrap { () async throws(DatabaseError) in
            try await raced([
                Statement(
                    """
                    CREATE TABLE IF NOT EXISTS alembic_version (
                    \tversion_num VARCHAR(32) NOT NULL,\u{20}
                    \tCONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
                    )
                    """)
            ])
        }
    }

    private func ownVersion() async throws(DatabaseError) -> Int {
        Int(clamping: try await session.read(Statement(ApplianceTables.currentVersion))[0][0].integer(0) ?? 0)
    }

    /// Runs a transaction; returns an error that only says that another process did the same at the same time.
    @discardableResult
    private func raced(_ statements: [Statement]) async throws(DatabaseError) -> DatabaseError? {
        do throws(DatabaseError) {
            try await session.write(statements)
            return nil
        } catch {
            let isDuplicate = [DatabaseError.duplicateTable, DatabaseError.duplicateObject].contains(error.sqlState)
            if error == .conflict || error == .duplicate || isDuplicate { return error }
            throw error
        }
    }

    private func wrap<Value: Sendable>(
        _ body: () async throws(DatabaseError) -> Value
    ) async throws(Failure) -> Value {
        do { return try await body() } catch { throw .database(error) }
    }
}

extension DatabaseError {
    /// SQLSTATE of a missing table; the SQLite driver reports it by the same code.
    static let undefinedTable = "42P01"
    static let duplicateTable = "42P07"
    /// Of a type, among others: every table of PostgreSQL has one.
    static let duplicateObject = "42710"

    /// The code of a refused statement.
    var sqlState: String? {
        if case .statement(let code, _) = self { code } else { nil }
    }
}
