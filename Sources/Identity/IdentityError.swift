/// What can go wrong between a request and the knowledge of who sends it. Texts never hold tokens or passwords.
public enum IdentityError: Error, Sendable, Equatable, CustomStringConvertible {
    case badConfiguration(String)
    /// Unknown, revoked or expired.
    case invalidToken
    /// Keystone cannot be reached or fails; the API answers 503.
    case unavailable(String)

    public var description: String {
        switch self {
        case .badConfiguration(let reason): reason
        case .invalidToken: "the token is not valid"
        case .unavailable(let reason): reason
        }
    }
}
