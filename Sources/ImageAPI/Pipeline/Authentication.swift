import Authorization
import Identity

/// What is known about the token of a request.
enum Authentication: Sendable {
    /// No token.
    case none
    /// A token that Keystone does not accept.
    case rejected
    indirect case confirmed(AuthContext, token: String)
}

/// The two questions that the pipeline asks about a token. Closures, so that the stages know neither Keystone nor policies.
struct CallerLookup: Sendable {
    /// Who a token, with a service token perhaps, belongs to. Method and path are for the access rules of application
    /// credentials.
    typealias Validate =
        @Sendable (
            _ token: String, _ serviceToken: String?, _ method: String, _ path: String
        ) async throws(IdentityError) -> AuthContext

    /// nil where the configuration has no Keystone.
    var validate: Validate?
    /// Value of `WWW-Authenticate` on a 401.
    var challenge = ""
    /// What the owner of a token is to the service.
    var caller:
        @Sendable (
            _ identity: AuthContext, _ requestID: String, _ token: String, _ arrival: ContinuousClock.Instant
        ) async -> Caller
}

extension CallerLookup {
    init(authorization: Authorization, authenticator: TokenAuthenticator?) {
        self.init { identity, requestID, token, arrival in
            await authorization.caller(identity: identity, requestID: requestID, token: token, arrival: arrival)
        }
        guard let authenticator else { return }
        challenge = authenticator.challenge
        validate = { token, serviceToken, method, path throws(IdentityError) in
            try await authenticator.authenticate(token: token, serviceToken: serviceToken, method: method, path: path)
        }
    }
}
