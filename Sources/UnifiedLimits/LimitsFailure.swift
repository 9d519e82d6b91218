import ImageDatabase

/// Why the limits worker cannot start until an operator does something, or cannot read the limits. The description is one
/// line for them.
public enum LimitsFailure: Error, CustomStringConvertible {
    case database(String)
    /// The database has no Glance schema, or an old one.
    case notMigrated(String)
    /// The database can't be reached.
    case databaseUnavailable(String)
    /// Keystone does not tell the limits.
    case keystone(String)

    init(_ error: DatabaseError) {
        switch error {
        case .notMigrated: self = .notMigrated(error.adviceAtStart)
        case .unavailable: self = .databaseUnavailable(error.adviceAtStart)
        default: self = .database(error.adviceAtStart)
        }
    }

    public var description: String {
        switch self {
        case .database(let text), .notMigrated(let text), .databaseUnavailable(let text), .keystone(let text): text
        }
    }
}
