import HTTPTypes
public import Hummingbird

/// Why a request body ended before it was complete. Reading the body throws it; the body never just ends short.
public enum RequestBodyError: Error, Sendable, Equatable {
    /// The client went away, or its connection broke, before the body was complete (RFC 9112 section 8).
    case incomplete
    /// The body is not what its framing says, for instance a chunk size that is no number.
    case malformed
    /// Nothing arrived for `client_socket_timeout` seconds.
    case timedOut
}

extension RequestBodyError: HTTPResponseError {
    /// The answer when no handler found a better one.
    public var status: HTTPResponse.Status {
        switch self {
        case .incomplete, .malformed: .badRequest
        case .timedOut: .requestTimeout
        }
    }

    public func response(from request: Request, context: some RequestContext) throws -> Response {
        Response(status: status)
    }
}
