extension Options {
    /// The group `[database]`.
    public enum Database {
        static let group = "database"

        public static let sqliteSynchronous = Option<Bool>(
            .honoured, group, "sqlite_synchronous", default: true,
            help: "Makes SQLite wait until data is on disk before a transaction counts as done.")

        public static let backend = Option<String>(
            .noMeaning("there is one database layer"), group, "backend", default: "sqlalchemy",
            help: "Database layer.")

        public static let connection = Option<String?>(
            .honoured, group, "connection", default: nil, secret: true,
            help: """
                URL of the database, such as postgresql://glance:password@host/glance or \
                sqlite:////var/lib/glance/glance.sqlite. Special characters in the password are written as \
                percent escapes.
                """)

        public static let slaveConnection = Option<String?>(
            .noMeaning("Glance does not read from it"), group, "slave_connection", default: nil, secret: true,
            help: "URL of a read-only replica.")

        public static let asyncioConnection = Option<String?>(
            .noMeaning("Glance does not use it"), group, "asyncio_connection", default: nil, secret: true,
            help: "URL of the database for asynchronous Python drivers.")

        public static let asyncioSlaveConnection = Option<String?>(
            .noMeaning("Glance does not use it"), group, "asyncio_slave_connection", default: nil, secret: true,
            help: "URL of a replica for those drivers.")

        public static let synchronousReader = Option<Bool>(
            .noMeaning("it concerns Galera readers, which Glance does not use"), group, "synchronous_reader",
            default: true,
            help: "Waits until a Galera replica has caught up.")

        public static let mysqlSqlMode = Option<String>(
            .noMeaning("MySQL is not supported"), group, "mysql_sql_mode", default: "TRADITIONAL",
            help: "SQL mode of MySQL sessions.")

        public static let mysqlWsrepSyncWait = Option<Int?>(
            .noMeaning("MySQL is not supported"), group, "mysql_wsrep_sync_wait", default: nil,
            help: "wsrep_sync_wait of Galera sessions.")

        public static let connectionRecycleTime = Option<Int>(
            .honoured, group, "connection_recycle_time", default: 3600,
            help: "Seconds after which a connection of the pool is replaced; -1 never.")

        public static let maxPoolSize = Option<Int>(
            .honoured, group, "max_pool_size", default: 5,
            help: "Connections that a worker process keeps; 0 is no limit.")

        public static let maxRetries = Option<Int>(
            .honoured, group, "max_retries", default: 10,
            help: "How often connecting is tried again at the start; -1 tries without end.")

        public static let retryInterval = Option<Int>(
            .honoured, group, "retry_interval", default: 10,
            help: "Seconds between these attempts.")

        public static let maxOverflow = Option<Int>(
            .honoured, group, "max_overflow", default: 50,
            help: "Connections that a worker process may open above max_pool_size in a rush.")

        public static let connectionDebug = Option<Int>(
            .noMeaning("it echoes SQLAlchemy statements"), group, "connection_debug", default: 0, minimum: 0,
            maximum: 100,
            help: "How much of the SQL traffic is logged, from 0, nothing, to 100, everything.")

        public static let connectionTrace = Option<Bool>(
            .noMeaning("it adds Python call stacks to SQL"), group, "connection_trace", default: false,
            help: "Marks SQL statements with the place in the program that they come from.")

        public static let poolTimeout = Option<Int?>(
            .honoured, group, "pool_timeout", default: nil,
            help: "Seconds that a request waits for a free connection.")

        public static let useDbReconnect = Option<Bool>(
            .noMeaning("lost connections are always replaced"), group, "use_db_reconnect", default: false,
            help: "Replaces lost connections.")

        public static let dbRetryInterval = Option<Int>(
            .honoured, group, "db_retry_interval", default: 1,
            help: "Seconds before a transaction that conflicted is tried again.")

        public static let dbIncRetryInterval = Option<Bool>(
            .honoured, group, "db_inc_retry_interval", default: true,
            help: "Doubles that time with every attempt.")

        public static let dbMaxRetryInterval = Option<Int>(
            .honoured, group, "db_max_retry_interval", default: 10,
            help: "Longest time between two attempts, in seconds.")

        public static let dbMaxRetries = Option<Int>(
            .honoured, group, "db_max_retries", default: 20,
            help: "How often a transaction that conflicted is tried again; -1 tries without end.")

        public static let connectionParameters = Option<String>(
            .honoured, group, "connection_parameters", default: "",
            help: "Further parameters for the URL, as name=value&name=value.")

        public static let idleInTransactionSessionTimeout = Option<Int>(
            .honoured, group, "idle_in_transaction_session_timeout", default: 10, minimum: 0, maximum: 86400,
            help: """
                Seconds after which PostgreSQL ends a transaction whose process says nothing more, and frees what it has \
                locked; 0 never. A value in the URL, or of the role or the database, counts instead.
                """)

        public static let lockTimeout = Option<Int>(
            .honoured, group, "lock_timeout", default: 15, minimum: 0, maximum: 86400,
            help: """
                Seconds that a request waits for what another transaction has locked, and in all for repetitions of its \
                own, before it is answered with 503; 0 is no limit. A value in the URL, or of the role or the database, \
                counts instead for the locks. glance-manage waits without limit.
                """)

        public static let tcpUserTimeout = Option<Int>(
            .honoured, group, "tcp_user_timeout", default: 30, minimum: 0, maximum: 86400,
            help: """
                Seconds after which a connection to PostgreSQL whose other end does not acknowledge anything is given up, \
                by both ends; idle connections are probed as often. 0 leaves both to the systems.
                """)

        static var all: [OptionDeclaration] {
            [
                sqliteSynchronous.declaration, backend.declaration, connection.declaration, slaveConnection.declaration,
                asyncioConnection.declaration, asyncioSlaveConnection.declaration, synchronousReader.declaration,
                mysqlSqlMode.declaration, mysqlWsrepSyncWait.declaration, connectionRecycleTime.declaration,
                maxPoolSize.declaration, maxRetries.declaration, retryInterval.declaration, maxOverflow.declaration,
                connectionDebug.declaration, connectionTrace.declaration, poolTimeout.declaration,
                useDbReconnect.declaration, dbRetryInterval.declaration, dbIncRetryInterval.declaration,
                dbMaxRetryInterval.declaration, dbMaxRetries.declaration, connectionParameters.declaration,
                idleInTransactionSessionTimeout.declaration, lockTimeout.declaration, tcpUserTimeout.declaration,
            ]
        }
    }
}
