public import Logging
public import NIOCore
public import OsloConfig

/// `[keystone_authtoken]`: turns a token into an ``AuthContext``, with an in-process cache in front of memcached in front
/// of Keystone. Parallel requests with the same unknown token ask Keystone once.
public final class TokenAuthenticator: Sendable {
    /// - Throws: ``IdentityError/badConfiguration(_:)``.
    public init(
        configuration: Configuration, eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws(IdentityError) {
        fatalError("skeleton")
    }

    /// Validates `token`, and `serviceToken` if there is one. A service token with one of `service_token_roles` makes an
    /// expired user token acceptable.
    ///
    /// - Throws: ``IdentityError/invalidToken``, ``IdentityError/unavailable(_:)``.
    public func authenticate(token: String, serviceToken: String?) async throws(IdentityError) -> AuthContext {
        fatalError("skeleton")
    }

    /// Value of `WWW-Authenticate` on a 401: `Keystone uri="<www_authenticate_uri>"`.
    public var challenge: String { fatalError("skeleton") }

    public func shutdown() async {}
}

/// Texts never hold tokens or passwords.
public enum IdentityError: Error, Sendable, Equatable {
    case badConfiguration(String)
    /// Unknown, revoked or expired.
    case invalidToken
    /// Keystone cannot be reached or fails; the API answers 503.
    case unavailable(String)
}
