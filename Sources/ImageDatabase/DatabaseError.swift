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
    /// The image would have more tags than ``ImageLimits/tags``.
    case tooManyTags
    /// The image would have more properties than ``ImageLimits/properties``.
    case tooManyProperties
    /// Keystone's limits have never been read yet, so nobody can say what is allowed.
    case limitsUnknown
    case markerNotFound
    /// A value that the database cannot store: whoever gave it has to change it.
    case invalidValue(InvalidValue)
    /// A statement that the database refused: a defect, or somebody else's schema.
    case statement(code: String, message: String)
}

/// What is wrong with a value that a database refuses.
public enum InvalidValue: Sendable, Equatable {
    /// A text is longer than its column, or than the database's encoding allows.
    case tooLong
    /// A number is outside of its column's range.
    case outOfRange
    /// A text has characters that the database's encoding does not.
    case characters
    case other

    /// Nil for what is no data exception (PostgreSQL documentation, "PostgreSQL Error Codes", class 22).
    init?(sqlState: String) {
        guard sqlState.hasPrefix("22") else { return nil }
        self =
            switch sqlState {
            case "22001": .tooLong
            case "22003", "22008": .outOfRange
            case "22021", "22P05": .characters
            default: .other
            }
    }

    /// A sentence for the client that gave the value.
    public var reason: String {
        switch self {
        case .tooLong: "A text is too long for the database."
        case .outOfRange: "A number or a time is outside of what the database can store."
        case .characters: "A text has characters that the database cannot store."
        case .other: "A value is nothing that the database can store."
        }
    }
}
