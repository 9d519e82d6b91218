import Glibc
import ImageDatabase
import OsloConfig

/// Whether the database can be reached, and how far its schema is.
struct DatabaseCheck: Check {
    let name = CheckName.database
    let configuration: Configuration

    func run() async -> [Finding] {
        guard let url = configuration[Options.Database.connection], !url.isEmpty else {
            return [.failure("[database] connection is not set")]
        }
        // SQLite would make the file.
        if let file = ImageDatabase.file(ofURL: url), access(file, F_OK) != 0 {
            return [.failure("\(file) does not exist; run: glance-manage db sync")]
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
            return [.failure(Self.text(error))]
        }
    }

    private func findings(about database: ImageDatabase) async -> [Finding] {
        let migrator = SchemaMigrator(database)
        do throws(SchemaMigrator.Failure) {
            let revisions = try await migrator.currentRevisions().joined(separator: ", ")
            if revisions.isEmpty {
                return [.failure("the database has no Glance schema; run: glance-manage db sync")]
            }
            switch try await migrator.need() {
            case .nothing: break
            case .expand:
                return [
                    .failure(
                        "the database is at revision \(revisions), which is too old; run: glance-manage db sync")
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
            return [.success(text)]
        } catch {
            return [.failure(Self.text(error))]
        }
    }

    private static func text(_ failure: SchemaMigrator.Failure) -> String {
        switch failure {
        case .database(let error): text(error)
        case .unknownRevision(let revision):
            "the database is at revision \(revision), which this release does not know; is it one of a newer Glance?"
        case .unmanaged:
            "the database has Glance's tables but no revision; run: glance-manage db version_control --version REVISION"
        case .needsExpand, .needsMigrate: "the database is not migrated; run: glance-manage db sync"
        }
    }

    private static func text(_ error: DatabaseError) -> String {
        switch error {
        case .unavailable(let reason): "the database cannot be reached: \(reason)"
        case .unsupportedURL(let reason): "[database] connection: \(reason)"
        case .statement(_, let message): "the database refuses a query: \(message)"
        default: "the database cannot be used: \(error)"
        }
    }
}
