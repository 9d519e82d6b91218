/// A database that can run our statements: everything that the rest of the module knows of PostgreSQL or SQLite.
protocol SQLDriver: Sendable {
    var dialect: any SQLDialect { get }

    /// Runs statements as one transaction and returns the rows of each. Never repeats anything itself.
    func attempt(_ statements: [Statement], _ access: SQLAccess) async -> Result<[Rows], StatementFailure>

    /// Runs a lookup, perhaps together with others: then the rows of those are there, too. Never repeats anything itself.
    func attempt(_ lookup: Lookup) async -> Result<Rows, StatementFailure>

    /// Waits for running transactions and frees everything.
    func close() async
}

/// Whether a transaction changes anything.
enum SQLAccess: Sendable {
    case read, write
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
    /// Time in which it is repeated; nil: as long as there are repetitions left.
    var longestWait: Duration?
    /// Longest pause in milliseconds. The first ones are much shorter: most conflicts are over at once.
    var longestPause: Int

    init(_ options: DatabaseOptions) {
        repetitions = options.transactionRetries
        longestWait = options.lockTimeout > 0 ? .seconds(options.lockTimeout) : nil
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
        try await Self.repeating(policy) { await attempt(statements, access) }
    }

    /// Runs a lookup in the same way.
    func run(_ lookup: Lookup, _ policy: RetryPolicy) async throws(DatabaseError) -> Rows {
        try await Self.repeating(policy) { await attempt(lookup) }
    }

    func attempt(_ lookup: Lookup) async -> Result<Rows, StatementFailure> {
        await attempt([lookup.statement], .read).map { $0[0] }
    }

    private static func repeating<Answer>(
        _ policy: RetryPolicy, _ attempt: () async -> Result<Answer, StatementFailure>
    ) async throws(DatabaseError) -> Answer {
        var (collisions, deadConnections) = (0, 0)
        let start = ContinuousClock.now
        while true {
            switch await attempt() {
            case .success(let answer):
                return answer
            case .failure(let failure):
                switch failure.retry {
                case .never:
                    throw failure.error
                case .atOnce:
                    deadConnections += 1
                    if deadConnections > deadConnectionLimit { throw failure.error }
                case .afterPause:
                    collisions += 1
                    if policy.repetitions >= 0 && collisions > policy.repetitions { throw failure.error }
                    let pause = Duration.milliseconds(policy.pause(collisions))
                    // Somebody waits for the answer: not longer than for one lock.
                    if let longest = policy.longestWait, start.duration(to: .now) + pause >= longest {
                        throw failure.error
                    }
                    try? await Task.sleep(for: pause)
                }
            }
        }
    }

    /// A pool may hold several connections that a restarted server has closed.
    private static var deadConnectionLimit: Int { 5 }
}
