import Glibc
import ImageDatabase
import OsloConfig
import Scoreboard

/// Whether the database can be reached, and how far its schema is.
struct DatabaseCheck: Check {
    let name = CheckName.database
    let failureStatus = ExitStatus.databaseUnavailable
    let configuration: Configuration

    func run() async -> [Finding] {
        guard let url = configuration[Options.Database.connection], !url.isEmpty else {
            return [.failure("[database] connection is not set", .runtimeError)]
        }
        // SQLite would make the file.
        if let file = ImageDatabase.file(ofURL: url), access(file, F_OK) != 0 {
            return [.failure("\(file) does not exist; run: glance-manage db sync", .databaseNotMigrated)]
        }
        var options = DatabaseOptions(configuration)
        options.maxRetries = 0
        options.maxPoolSize = 1
        do {
            let database = try ImageDatabase(url: url, options: options, logger: .silent)
            let findings = await findings(about: database)
            await database.close()
            return findings
        } catch {
            return [Self.failure(error)]
        }
    }

    private func findings(about database: ImageDatabase) async -> [Finding] {
        let migrator = SchemaMigrator(database)
        do throws(SchemaMigrator.Failure) {
            let revisions = try await migrator.currentRevisions().joined(separator: ", ")
            if revisions.isEmpty {
                return [.failure("the database has no Glance schema; run: glance-manage db sync", .databaseNotMigrated)]
            }
            switch try await migrator.need() {
            case .nothing: break
            case .expand:
                return [
                    .failure(
                        "the database is at revision \(revisions), which is too old; run: glance-manage db sync",
                        .databaseNotMigrated)
                ]
            case .migrate:
                return [
                    .warning(
                        "the database is at revision \(revisions), expanded; when every node runs this release, run: "
                            + "glance-manage db migrate, then glance-manage db contract")
                ]
            case .contract:
                return [
                    .warning(
                        "the database is at revision \(revisions), migrated; when every node runs this release, run: "
                            + "glance-manage db contract")
                ]
            }
            let (version, newest) = try await migrator.ownTables()
            let text = "the database is at revision \(revisions), its own tables at version \(version)"
            if version < newest {
                return [
                    .warning("\(text) of \(newest), which the start brings up to date; or run: glance-manage db sync")
                ]
            }
            if version > newest {
                return [.warning("\(text), newer than this release, which knows \(newest)")]
            }
            return try await [.success(text)] + warnings(migrator)
        } catch {
            return [Self.failure(error)]
        }
    }

    private func warnings(_ migrator: SchemaMigrator) async throws(SchemaMigrator.Failure) -> [Finding] {
        var findings: [Finding] = []
        if let encoding = try await migrator.unsuitableEncoding() {
            findings.append(
                .warning(
                    "the database has the encoding \(encoding), not UTF8: it refuses texts that the Images API allows, or "
                        + "measures them in bytes"))
        }
        for index in try await migrator.missingIndexes() {
            findings.append(
                .warning("the index \(index) is missing, which makes removing data slow; run: glance-manage db sync"))
        }
        return findings
    }

    private static func failure(_ failure: SchemaMigrator.Failure) -> Finding {
        switch failure {
        case .database(let error): self.failure(error)
        case .unknownRevision(let revision):
            .failure(
                "the database is at revision \(revision), which this release does not know; is it one of a newer Glance?",
                .databaseNotMigrated)
        case .unmanaged:
            .failure(
                "the database has Glance's tables but no revision; run: glance-manage db version_control --version REVISION",
                .databaseNotMigrated)
        case .needsExpand, .needsMigrate:
            .failure("the database is not migrated; run: glance-manage db sync", .databaseNotMigrated)
        }
    }

    private static func failure(_ error: DatabaseError) -> Finding {
        switch error {
        case .unavailable(let reason): .failure("the database cannot be reached: \(reason)")
        case .unsupportedURL(let reason): .failure("[database] connection: \(reason)", .runtimeError)
        case .statement(_, let message): .failure("the database refuses a query: \(message)", .runtimeError)
        default: .failure("the database cannot be used: \(error)", .runtimeError)
        }
    }
}
