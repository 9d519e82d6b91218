import HTTPTypes

/// Why a request can't be understood; each is answered at once, and the connection closed.
enum MalformedRequest: Error {
    case syntax
    /// The request target has bytes that no URL may have, for instance UTF-8 that is not percent-encoded.
    case target
    case targetTooLong
    case headerTooLong
    case version
    /// Nobody knows such a method.
    case method
    /// More bytes than can be counted.
    case contentLength
    case transferCoding
    case expectation
    case upgradeToTunnel
    /// The rest of the head does not come.
    case incompleteInTime

    var status: HTTPResponse.Status {
        switch self {
        case .syntax, .target, .contentLength: .badRequest
        case .targetTooLong: .uriTooLong
        case .headerTooLong: .requestHeaderFieldsTooLarge
        case .version: .init(code: 505, reasonPhrase: "HTTP Version Not Supported")
        case .method, .transferCoding: .notImplemented
        case .expectation: .expectationFailed
        case .upgradeToTunnel: .methodNotAllowed
        case .incompleteInTime: .requestTimeout
        }
    }

    /// For the client.
    var reason: String {
        switch self {
        case .syntax: "This is not a well-formed HTTP request."
        case .target:
            "The request target holds characters that a URL may not have. Characters outside of ASCII must be percent-encoded."
        case .targetTooLong: "The request target is too long."
        case .headerTooLong: "A header line, or all of them together, is too long."
        case .version: "Only HTTP/1.0 and HTTP/1.1 are spoken here."
        case .method: "The request method is not known."
        case .contentLength: "The value of Content-Length is not a length."
        case .transferCoding: "The only transfer coding that is understood is chunked."
        case .expectation: "The only expectation that can be met is 100-continue."
        case .upgradeToTunnel: "This server makes no tunnels."
        case .incompleteInTime: "The head of the request did not come in time."
        }
    }
}
