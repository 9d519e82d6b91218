import HTTPTypes
import Hummingbird
import Identity
import Logging

/// Keystone's filter `authtoken`: finds out who a token belongs to. What the client claims in `X-Roles`, `X-Identity-Status`
/// and their like is never read, so there is nothing to remove.
struct AuthTokenStage: PipelineStage {
    let validate: CallerLookup.Validate
    /// Value of `WWW-Authenticate` on a 401.
    let challenge: String
    /// Requests without a valid token go on; the context stage decides.
    let delaysDecision: Bool

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        // X-Storage-Token is the name that Swift's clients use; keystonemiddleware takes it too.
        if let token = request.headers[.authToken] ?? request.headers[.storageToken], !token.isEmpty {
            do throws(IdentityError) {
                let identity = try await validate(
                    token, request.headers[.serviceToken], request.method.rawValue, request.uri.path)
                context.authentication = .confirmed(identity, token: token)
            } catch .invalidToken {
                context.authentication = .rejected
            } catch {
                context.logger.error("Keystone could not be asked", metadata: ["error": "\(error)"])
                return APIError(.serviceUnavailable, "The Keystone service is temporarily unavailable.")
                    .response(to: request)
            }
        }
        var response: Response
        if case .confirmed = context.authentication {
            response = try await next(request, context)
        } else if delaysDecision {
            response = try await next(request, context)
        } else {
            response = APIError(.unauthorized).response(to: request)
        }
        if response.status == .unauthorized { response.headers[.wwwAuthenticate] = challenge }
        return response
    }
}

extension HTTPField.Name {
    static let authToken = HTTPField.Name("X-Auth-Token")!
    static let storageToken = HTTPField.Name("X-Storage-Token")!
    static let serviceToken = HTTPField.Name("X-Service-Token")!
}
