import Identity

/// What is known about the token of a request.
enum Authentication: Sendable {
    /// No token.
    case none
    /// A token that Keystone does not accept.
    case rejected
    case confirmed(AuthContext, token: String)
}
