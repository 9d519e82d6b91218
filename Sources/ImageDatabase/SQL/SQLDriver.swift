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

    /// An expression whose one value is all rows of `source`, each an array of the `columns` as text. ``TextRows`` reads it.
    func textRows(_ columns: [String], from source: String) -> String {
        let texts = columns.map { "CAST(\($0) AS text)" }.joined(separator: ", ")
        return switch name {
        // Aggregates and JSON would cost PostgreSQL more.
        case .postgreSQL: "ARRAY(SELECT ARRAY[\(texts)] FROM \(source))"
        case .sqlite: "(SELECT json_group_array(json_array(\(texts))) FROM \(source))"
        }
    }
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

/// How often and how soon a transaction that another one was in the way of is repeated (`[database] db_max_retries`,
/// `db_retry_interval`, `db_inc_retry_interval`, `db_max_retry_interval`).
struct RetryPolicy: Sendable {
    /// Repetitions; negative: without end.
    var repetitions: Int
    /// Longest pause in milliseconds. The first ones are much shorter: most conflicts are over at once.
    var longestPause: Int

    init(_ options: DatabaseOptions) {
        repetitions = options.transactionRetries
        let seconds =
            options.growsTransactionRetryInterval
            ? options.maxTransactionRetryInterval : options.transactionRetryInterval
        longestPause = min(max(1, seconds), 3600) * 1000
    }

    /// Milliseconds before a repetition, doubling with their number, with a random part so that two transactions
    /// do not meet again.
    func pause(_ repetition: Int) -> Int {
        let ceiling = min(longestPause, 5 << min(repetition, 20))
        return Int.random(in: ceiling / 2...ceiling)
    }
}

extension SQLDriver {
    /// Runs statements as one transaction, repeating it after deadlocks, serialization failures and a busy database,
    /// and at once after a connection that was found dead.
    func run(
        _ statements: [Statement], _ access: SQLAccess, _ policy: RetryPolicy
    ) async throws(DatabaseError) -> [Rows] {
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
                    if deadConnections > Self.deadConnectionLimit { throw failure.error }
                case .afterPause:
                    collisions += 1
                    if policy.repetitions >= 0 && collisions > policy.repetitions { throw failure.error }
                    try? await Task.sleep(for: .milliseconds(policy.pause(collisions)))
                }
            }
        }
    }

    /// A pool may hold several connections that a restarted server has closed.
    private static var deadConnectionLimit: Int { 5 }
}
