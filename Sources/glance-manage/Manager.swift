import ImageDatabase
import Logging
import TextCoding

/// The actions of `glance-manage db`, with the messages and exit statuses that scripts know.
struct Manager {
    let database: ImageDatabase
    let logger: Logger

    private var migrator: SchemaMigrator { SchemaMigrator(database) }

    func printVersion() async throws(ManageFailure) {
        let revisions = try await schema { () async throws(SchemaMigrator.Failure) in
            try await migrator.currentRevisions()
        }
        if revisions.isEmpty {
            print("The database is not under migration control; \"glance-manage db sync\" places it there.")
        }
        for revision in revisions { print(revision) }
    }

    func check() async throws(ManageFailure) {
        let need = try await schema { () async throws(SchemaMigrator.Failure) in try await migrator.need() }
        try await warnOfEncoding()
        switch need {
        case .nothing:
            print("Database is up to date. No upgrades needed.")
            for index in try await schema({ () async throws(SchemaMigrator.Failure) in
                try await migrator.missingIndexes()
            }) {
                logger.warning(
                    "The index \(index) is missing, which makes removing data slow; run: glance-manage db sync")
            }
        case .expand:
            print("Your database is not up to date. Your first step is to run `glance-manage db expand`.")
            throw ManageFailure("", status: 3)
        case .migrate:
            print("Your database is not up to date. Your next step is to run `glance-manage db migrate`.")
            throw ManageFailure("", status: 4)
        case .contract:
            print("Your database is not up to date. Your next step is to run `glance-manage db contract`.")
            throw ManageFailure("", status: 5)
        }
    }

    func sync() async throws(ManageFailure) {
        try await warnOfEncoding()
        if try await isComplete() { return }
        do {
            try await expandPhase()
            try await migratePhase()
            try await contractPhase()
        } catch {
            throw ManageFailure("Failed to sync database: \(error.message)", status: error.status)
        }
        print("Database is synced successfully.")
    }

    func upgrade(to revision: String) async throws(ManageFailure) {
        _ = try await schema { () async throws(SchemaMigrator.Failure) in try await migrator.upgrade(to: revision) }
        try await printUpgrade(to: revision)
    }

    func stamp(_ revision: String) async throws(ManageFailure) {
        try await schema { () async throws(SchemaMigrator.Failure) in try await migrator.stamp(revision) }
        print("Placed database under migration control at revision: \(revision)")
    }

    func expand() async throws(ManageFailure) {
        if try await !isComplete() { try await expandPhase() }
    }

    func migrate() async throws(ManageFailure) {
        if try await !isComplete() { try await migratePhase() }
    }

    func contract() async throws(ManageFailure) {
        if try await !isComplete() { try await contractPhase() }
    }

    func purge(age: Int, maxRows: Int) async throws(ManageFailure) {
        let purge = try purge(age, maxRows)
        do throws(DatabaseError) {
            for count in try await purge.run() { report(count, age) }
        } catch {
            throw ManageFailure(error)
        }
    }

    func purgeImages(age: Int, maxRows: Int) async throws(ManageFailure) {
        let purge = try purge(age, maxRows)
        let kept: Int
        do throws(DatabaseError) {
            let result = try await purge.runOnImages()
            report(result.removed, age)
            kept = result.kept
        } catch {
            throw ManageFailure(error)
        }
        if kept > 0 {
            throw ManageFailure(
                "Purge command failed for \(kept) images that still have rows in other tables; "
                    + "run glance-manage db purge, and the scrubber if data waits for it, first.")
        }
    }

    // MARK: Phases

    /// Says so when the schema is complete, and makes sure that our own tables are there too.
    private func isComplete() async throws(ManageFailure) -> Bool {
        let isComplete = try await schema { () async throws(SchemaMigrator.Failure) in
            guard try await migrator.need() == .nothing else { return false }
            try await migrator.createOwnTables()
            try await migrator.createOwnIndexes()
            return true
        }
        if isComplete { print("Database is up to date. No migrations needed.") }
        return isComplete
    }

    private func warnOfEncoding() async throws(ManageFailure) {
        let encoding = try await schema { () async throws(SchemaMigrator.Failure) in
            try await migrator.unsuitableEncoding()
        }
        guard let encoding else { return }
        logger.warning(
            """
            The database has the encoding \(encoding), not UTF8: it refuses texts that the Images API allows, or measures \
            them in bytes; dump it and load it into a database with the encoding UTF8
            """)
    }

    private func expandPhase() async throws(ManageFailure) {
        let hasChanged = try await schema { () async throws(SchemaMigrator.Failure) in try await migrator.expand() }
        if hasChanged {
            try await printUpgrade(to: SchemaMigrator.expandHead)
        } else {
            print("Database expansion is up to date. No expansion needed.")
        }
    }

    private func migratePhase() async throws(ManageFailure) {
        let rows = try await schema { () async throws(SchemaMigrator.Failure) in try await migrator.migrate() }
        print(rows > 0 ? "Migrated \(rows) rows" : "Database migration is up to date. No migration needed.")
    }

    private func contractPhase() async throws(ManageFailure) {
        _ = try await schema { () async throws(SchemaMigrator.Failure) in try await migrator.contract() }
        try await printUpgrade(to: SchemaMigrator.contractHead)
    }

    private func printUpgrade(to revision: String) async throws(ManageFailure) {
        let current = try await schema { () async throws(SchemaMigrator.Failure) in
            try await migrator.currentRevisions().joined(separator: ", ")
        }
        if revision == "heads" {
            print("Upgraded database, current revision(s): \(current)")
        } else {
            print("Upgraded database to: \(revision), current revision(s): \(current)")
        }
    }

    // MARK: Purge

    private func purge(_ age: Int, _ maxRows: Int) throws(ManageFailure) -> Purge {
        let now = Timestamp.now
        guard age >= 0 else { throw ManageFailure("Must supply a non-negative value for age.") }
        guard age < now.microseconds / 86_400_000_000 else {
            throw ManageFailure("Maximal age is count of days since epoch.")
        }
        guard maxRows >= -1 else { throw ManageFailure("Minimal rows limit is -1.") }
        return Purge(
            database, deletedBefore: now.advanced(bySeconds: -86400 * Int64(age)), limit: maxRows < 0 ? nil : maxRows)
    }

    private func report(_ count: Purge.Count, _ age: Int) {
        logger.info("Deleted \(count.rows) row(s), deleted more than \(age) day(s) ago, from table \(count.table)")
    }

    private func schema<Value>(
        _ body: () async throws(SchemaMigrator.Failure) -> Value
    ) async throws(ManageFailure) -> Value {
        do throws(SchemaMigrator.Failure) { return try await body() } catch { throw ManageFailure(error) }
    }
}
