import Authorization
import HTTPTypes
import Hummingbird

/// Glance's filters `context` and `unauthenticated-context`: make the caller, and put the request id on every answer that
/// passed here.
struct ContextStage: PipelineStage {
    enum Mode: Sendable {
        /// Callers are what their token says.
        case authenticated(allowsAnonymous: Bool)
        /// Everybody is an administrator without a project.
        case unauthenticated
    }

    let mode: Mode
    let lookup: CallerLookup
    /// `max_request_id_length`, for the message.
    let requestIDs: RequestIDPolicy

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        if context.inboundRequestID == .tooLong {
            return APIError(
                .requestHeaderFieldsTooLarge,
                "x-openstack-request-id is longer than \(requestIDs.maximumLength) characters."
            ).response(to: request)
        }
        var context = context
        let requestID = context.caller.requestID
        switch (mode, context.authentication) {
        case (.unauthenticated, _):
            context.caller = Caller(identity: nil, project: nil, isAdmin: true, requestID: requestID)
        case (.authenticated, .confirmed(let identity, let token)):
            context.caller = await lookup.caller(identity, requestID, token, context.arrival)
            context.record.update {
                $0.project = identity.projectID
                $0.user = identity.userID
            }
        case (.authenticated(let allowsAnonymous), _):
            guard allowsAnonymous else { return APIError(.unauthorized).response(to: request) }
            context.caller = .anonymous
            context.caller.requestID = requestID
        }
        var response = try await next(request, context)
        response.headers[.openStackRequestID] = requestID
        return response
    }
}
