extension DatabaseError {
    /// Why a service or a command cannot start with this database, in one line for the operator. It never holds the
    /// password.
    public var adviceAtStart: String {
        switch self {
        case .notMigrated(nil): "The database has no Glance schema; run: glance-manage db_sync"
        case .notMigrated(let revision?):
            "The database is at revision \(revision), which is too old; run: glance-manage db_sync"
        case .unsupportedURL(let scheme):
            "[database] connection: '\(scheme)' is not supported; use postgresql:// or sqlite://"
        case .unavailable(let reason): "The database cannot be reached: \(reason)"
        default: "The database cannot be used: \(self)"
        }
    }
}
