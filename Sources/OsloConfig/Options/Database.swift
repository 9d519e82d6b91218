extension Options {
    /// The group `[database]`.
    public enum Database {
        static let group = "database"

        public static let sqliteSynchronous = Option<Bool>(
            .honoured, group, "sqlite_synchronous", default: true,
            help: "SQLite synchronous pragma.")

        public static let backend = Option<String>(
            .noMeaning("there is one database layer"), group, "backend", default: "sqlalchemy",
            help: "DB API back end name.")

        public static let connection = Option<String?>(
            .honoured, group, "connection", default: nil, secret: true,
            help: "SQLAlchemy URL of the database (secret).")

        public static let slaveConnection = Option<String?>(
            .noMeaning("Glance does not read from it"), group, "slave_connection", default: nil, secret: true,
            help: "Read replica URL; Glance never uses it.")

        public static let asyncioConnection = Option<String?>(
            .noMeaning("Glance does not use it"), group, "asyncio_connection", default: nil, secret: true,
            help: "Async driver URL; unused by Glance.")

        public static let asyncioSlaveConnection = Option<String?>(
            .noMeaning("Glance does not use it"), group, "asyncio_slave_connection", default: nil, secret: true,
            help: "Async replica URL; unused.")

        public static let synchronousReader = Option<Bool>(
            .noMeaning("it concerns Galera readers, which Glance does not use"), group, "synchronous_reader",
            default: true,
            help: "Wait for Galera replica in reader sessions.")

        public static let mysqlSqlMode = Option<String>(
            .noMeaning("MySQL is not supported"), group, "mysql_sql_mode", default: "TRADITIONAL",
            help: "sql_mode set on MySQL sessions.")

        public static let mysqlWsrepSyncWait = Option<Int?>(
            .noMeaning("MySQL is not supported"), group, "mysql_wsrep_sync_wait", default: nil,
            help: "Galera wsrep_sync_wait session value.")

        public static let connectionRecycleTime = Option<Int>(
            .honoured, group, "connection_recycle_time", default: 3600,
            help: "Seconds before a pooled connection is recycled.")

        public static let maxPoolSize = Option<Int>(
            .honoured, group, "max_pool_size", default: 5,
            help: "Pool size per process; 0 unlimited.")

        public static let maxRetries = Option<Int>(
            .honoured, group, "max_retries", default: 10,
            help: "Connection attempts at start; -1 forever.")

        public static let retryInterval = Option<Int>(
            .honoured, group, "retry_interval", default: 10,
            help: "Seconds between those attempts.")

        public static let maxOverflow = Option<Int>(
            .honoured, group, "max_overflow", default: 50,
            help: "Connections above the pool size.")

        public static let connectionDebug = Option<Int>(
            .noMeaning("it echoes SQLAlchemy statements"), group, "connection_debug", default: 0, minimum: 0,
            maximum: 100,
            help: "SQL echo verbosity 0–100.")

        public static let connectionTrace = Option<Bool>(
            .noMeaning("it adds Python call stacks to SQL"), group, "connection_trace", default: false,
            help: "Add Python stack comments to SQL.")

        public static let poolTimeout = Option<Int?>(
            .honoured, group, "pool_timeout", default: nil,
            help: "Wait for a pooled connection.")

        public static let useDbReconnect = Option<Bool>(
            .noMeaning("lost connections are always replaced"), group, "use_db_reconnect", default: false,
            help: "Experimental reconnect on lost connections.")

        public static let dbRetryInterval = Option<Int>(
            .honoured, group, "db_retry_interval", default: 1,
            help: "Seconds between transaction retries.")

        public static let dbIncRetryInterval = Option<Bool>(
            .honoured, group, "db_inc_retry_interval", default: true,
            help: "Grow that interval.")

        public static let dbMaxRetryInterval = Option<Int>(
            .honoured, group, "db_max_retry_interval", default: 10,
            help: "Its ceiling.")

        public static let dbMaxRetries = Option<Int>(
            .honoured, group, "db_max_retries", default: 20,
            help: "Retries before the error is raised; -1 forever.")

        public static let connectionParameters = Option<String>(
            .honoured, group, "connection_parameters", default: "",
            help: "param1=value1&param2=value2 appended to the URL.")

        static var all: [OptionDeclaration] {
            [
                sqliteSynchronous.declaration, backend.declaration, connection.declaration, slaveConnection.declaration,
                asyncioConnection.declaration, asyncioSlaveConnection.declaration, synchronousReader.declaration,
                mysqlSqlMode.declaration, mysqlWsrepSyncWait.declaration, connectionRecycleTime.declaration,
                maxPoolSize.declaration, maxRetries.declaration, retryInterval.declaration, maxOverflow.declaration,
                connectionDebug.declaration, connectionTrace.declaration, poolTimeout.declaration,
                useDbReconnect.declaration, dbRetryInterval.declaration, dbIncRetryInterval.declaration,
                dbMaxRetryInterval.declaration, dbMaxRetries.declaration, connectionParameters.declaration,
            ]
        }
    }
}
