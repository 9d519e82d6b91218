public import OsloConfig

extension DatabaseOptions {
    /// What `[database]` says. ``locationCipher`` is not part of it.
    public init(_ configuration: Configuration) {
        typealias Database = Options.Database
        self.init()
        maxPoolSize = configuration[Database.maxPoolSize]
        maxOverflow = configuration[Database.maxOverflow]
        poolTimeout = configuration[Database.poolTimeout]
        connectionRecycleTime = configuration[Database.connectionRecycleTime]
        maxRetries = configuration[Database.maxRetries]
        retryInterval = configuration[Database.retryInterval]
        connectionParameters = configuration[Database.connectionParameters]
        idleTransactionTimeout = configuration[Database.idleInTransactionSessionTimeout]
        lockTimeout = configuration[Database.lockTimeout]
        tcpUserTimeout = configuration[Database.tcpUserTimeout]
        sqliteSynchronous = configuration[Database.sqliteSynchronous]
        transactionRetries = configuration[Database.dbMaxRetries]
        transactionRetryInterval = configuration[Database.dbRetryInterval]
        growsTransactionRetryInterval = configuration[Database.dbIncRetryInterval]
        maxTransactionRetryInterval = configuration[Database.dbMaxRetryInterval]
    }
}
