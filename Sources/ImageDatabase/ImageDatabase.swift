public import Logging

/// The Glance database of one process: a pool of connections and the queries on images.
///
/// All methods can be called from any task; none blocks the caller's thread. Every method throws ``DatabaseError``.
/// SQL stands once, in a form that both drivers take; only the drivers know PostgreSQL or SQLite.
public final class ImageDatabase: Sendable {
    private let driver: any SQLDriver
    private let policy: RetryPolicy
    let logger: Logger
    /// The statements of ``image(_:includingDeleted:)``.
    let anyImageByID: String
    let liveImageByID: String

    /// Opens the pool. No connection is made before the first query.
    ///
    /// - Parameter url: SQLAlchemy URL: `postgresql://`, `postgresql+psycopg2://`, `sqlite:////absolute/path`.
    /// - Throws: ``DatabaseError/unsupportedURL(_:)``; the message never holds the password.
    ///   ``DatabaseError/unavailable(_:)`` when the system has no thread or descriptor left.
    public convenience init(
        url: String, options: DatabaseOptions = DatabaseOptions(), logger: Logger
    ) throws(DatabaseError) {
        let driver: any SQLDriver =
            switch try DatabaseURL(url, extra: options.connectionParameters) {
            case .postgreSQL(let parameters): try PostgresDriver(parameters, options: options, logger: logger)
            case .sqlite(let path): try SQLiteDriver(path: path, options: options)
            }
        self.init(driver: driver, policy: RetryPolicy(options), logger: logger)
    }

    /// The file that a URL of an SQLite database names, nil for any other URL.
    public static func file(ofURL url: String) -> String? {
        guard case .sqlite(let path)? = try? DatabaseURL(url) else { return nil }
        return path
    }

    init(driver: any SQLDriver, policy: RetryPolicy, logger: Logger) {
        self.driver = driver
        self.policy = policy
        self.logger = logger
        let rows = ImageRows(driver.dialect)
        anyImageByID = rows.selectionByID()
        liveImageByID = rows.selectionByID(" AND NOT deleted")
    }

    /// Waits for running queries and closes all connections.
    public func close() async { await driver.close() }

    var dialect: SQLDialect { driver.dialect }

    /// Runs statements that only read.
    func read(_ statements: Statement...) async throws(DatabaseError) -> [Rows] {
        try await driver.run(statements, .read, policy)
    }

    /// Runs statements as one transaction.
    @discardableResult
    func write(_ statements: [Statement]) async throws(DatabaseError) -> [Rows] {
        try await driver.run(statements, .write, policy)
    }
}

/// Settings of `[database]` that our drivers honour. Units: seconds, connections.
public struct DatabaseOptions: Sendable {
    public var maxPoolSize = 5
    public var maxOverflow = 50
    public var poolTimeout: Int? = nil
    public var connectionRecycleTime = 3600
    public var maxRetries = 10
    public var retryInterval = 10
    /// `connection_parameters`: `key=value&key=value`, appended to the URL's query.
    public var connectionParameters = ""
    /// SQLite's `synchronous` pragma is FULL when true.
    public var sqliteSynchronous = true
    /// Tries of a transaction after a deadlock, serialization failure or busy database.
    public var transactionRetries = 20
    /// Longest pause between these tries while it does not grow.
    public var transactionRetryInterval = 1
    /// Whether the pause grows beyond that, up to the maximum.
    public var growsTransactionRetryInterval = true
    public var maxTransactionRetryInterval = 10

    public init() {}
}

/// What can go wrong in the database, in terms of the domain.
public enum DatabaseError: Error, Sendable, Equatable {
    /// The URL names a database that no driver here speaks. Holds the scheme only.
    case unsupportedURL(String)
    /// No connection, or the connection broke during the statement. Holds the server's words, never the password.
    case unavailable(String)
    /// No `alembic_version` or not the head that this release needs; holds the revision found.
    case notMigrated(String?)
    case notFound
    case duplicate
    /// The row is not in the state that the change asked for.
    case conflict
    case limitReached
    /// Keystone's limits have never been read yet, so nobody can say what is allowed.
    case limitsUnknown
    case markerNotFound
    /// A statement that the database refused: a defect, or somebody else's schema.
    case statement(code: String, message: String)
}
