public import Identity

/// Who asks for an operation, in the terms that policies and visibility need. One value per request.
public struct Caller: Sendable {
    /// Facts of the token; nil for anonymous callers and in pipelines without authentication.
    public var identity: AuthContext?
    /// Project that owns what the caller creates.
    public var project: String?
    /// The policy rule `context_is_admin` holds (or the pipeline has no authentication).
    public var isAdmin: Bool
    /// Anonymous callers may read only (`allow_anonymous_access`).
    public var isReadOnly: Bool
    public var requestID: String
    /// The user's token, for calls to other services on the user's behalf. Never logged.
    public var token: String?

    public init(
        identity: AuthContext?, project: String?, isAdmin: Bool, isReadOnly: Bool = false, requestID: String,
        token: String? = nil
    ) {
        self.identity = identity
        self.project = project
        self.isAdmin = isAdmin
        self.isReadOnly = isReadOnly
        self.requestID = requestID
        self.token = token
    }
}
