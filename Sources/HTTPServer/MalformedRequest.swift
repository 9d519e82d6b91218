import HTTPTypes

/// Why a request can't be understood; each is answered at once, and the connection closed.
enum MalformedRequest: Error {
    case syntax
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
        case .syntax, .contentLength: .badRequest
        case .targetTooLong: .uriTooLong
        case .headerTooLong: .requestHeaderFieldsTooLarge
        case .version: .init(code: 505, reasonPhrase: "HTTP Version Not Supported")
        case .method, .transferCoding: .notImplemented
        case .expectation: .expectationFailed
        case .upgradeToTunnel: .methodNotAllowed
        case .incompleteInTime: .requestTimeout
        }
    }
}
