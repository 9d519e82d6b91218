/// A database that can run our statements: everything that the rest of the room knows of PostgreSQL or SQLite.
protocol SQLDriver: Sendable {
    var dialect: SQLDialect { get }

    /// Runs statements as one transaction and returns the rows of each. Never repeats anything itself.
    func attempt(_ statements: [Statement], _ access: SQLAccess) async -> Result<[Rows], StatementFailure>

    /// Waits for running transactions and frees everything.
    func close() async
}

/// Whether a transaction changes anything.
enum SQLAccess: Sendable {
    case read, write
}

/// Where the databases differ in ways that a statement's text cannot hide.
struct SQLDialect: Sendable {
    enum Name: Sendable { case postgreSQL, sqlite }

    var name: Name
    /// SQLite sorts null before everything, PostgreSQL after it.
    var nullsAreSmallest: Bool
}

/// Why a transaction failed, and whether the very same one may succeed when repeated.
struct StatementFailure: Error, Sendable {
    enum Retry: Sendable {
        case never
        /// Nothing was executed: the connection was dead before.
        case atOnce
        /// Another transaction was in the way.
        case afterPause
    }

    var error: DatabaseError
    var retry: Retry

    init(_ error: DatabaseError, retry: Retry = .never) {
        self.error = error
        self.retry = retry
    }
}

extension SQLDriver {
    /// Runs statements as one transaction, repeating it after deadlocks, serialization failures and a busy database
    /// with growing pauses (`[database] db_max_retries`), and at once after a connection that was found dead.
    func run(_ statements: [Statement], _ access: SQLAccess, retries: Int) async throws(DatabaseError) -> [Rows] {
        var (collisions, deadConnections) = (0, 0)
        while true {
            switch await attempt(statements, access) {
            case .success(let rows):
                return rows
            case .failure(let failure):
                switch failure.retry {
                case .never:
                    throw failure.error
                case .atOnce:
                    deadConnections += 1
                    if deadConnections > 3 { throw failure.error }
                case .afterPause:
                    collisions += 1
                    if retries >= 0 && collisions > retries { throw failure.error }
                    let ceiling = min(1000, 5 << min(collisions, 8))
                    try? await Task.sleep(for: .milliseconds(Int.random(in: ceiling / 2...ceiling)))
                }
            }
        }
    }
}
