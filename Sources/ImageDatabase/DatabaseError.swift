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
    /// A statement that the database refused: a defect, or somebody else's schema.
    case statement(code: String, message: String)
}
