import ImageDatabase
import ImageStore

/// A start that can never succeed until an operator does something. The description is one line for them.
public enum ScrubberFailure: Error, CustomStringConvertible {
    case database(String)
    /// The database has no Glance schema, or an old one.
    case notMigrated(String)
    /// The database can't be reached.
    case databaseUnavailable(String)
    /// The settings of a store can't work.
    case store(String)
    /// A store can't be used at the moment.
    case storeUnavailable(String)

    init(_ error: StoreError) {
        if case .badConfiguration = error {
            self = .store(error.adviceAtStart)
        } else {
            self = .storeUnavailable(error.adviceAtStart)
        }
    }

    init(_ error: DatabaseError) {
        switch error {
        case .notMigrated: self = .notMigrated(error.adviceAtStart)
        case .unavailable: self = .databaseUnavailable(error.adviceAtStart)
        default: self = .database(error.adviceAtStart)
        }
    }

    public var description: String {
        switch self {
        case .database(let text), .notMigrated(let text), .databaseUnavailable(let text), .store(let text),
            .storeUnavailable(let text):
            text
        }
    }
}
