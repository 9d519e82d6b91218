/// Settings of the database that our drivers and queries honour. Units: seconds, connections.
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
    /// Whether SQLite keeps a write-ahead log beside the file, where the file system can.
    var usesWriteAheadLog = true
    /// Tries of a transaction after a deadlock, serialization failure or busy database.
    public var transactionRetries = 20
    /// Longest pause between these tries while it does not grow.
    public var transactionRetryInterval = 1
    /// Whether the pause grows beyond that, up to the maximum.
    public var growsTransactionRetryInterval = true
    public var maxTransactionRetryInterval = 10
    /// What PostgreSQL ends transactions after whose process is silent; 0 never.
    public var idleTransactionTimeout = 10
    /// Longest wait for a lock, and longest time in which a transaction that another one was in the way of is repeated;
    /// 0 sets no limit.
    public var lockTimeout = 15
    /// What both ends give a connection up after that nobody acknowledges; 0 leaves that to the systems.
    public var tcpUserTimeout = 30

    /// What encrypts the URLs of locations; nil leaves them as they are.
    public var locationCipher: LocationCipher?

    public init() {}
}
