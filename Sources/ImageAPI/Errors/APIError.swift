import HTTPTypes
import ImageService

/// An answer other than success, before it is rendered. Handlers throw this where a ``ServiceError`` is not enough: a status
/// or header that only HTTP knows, or a text that must not become HTML.
struct APIError: Error, Sendable {
    var status: HTTPResponse.Status
    /// For the client. Never holds credentials, tokens or location URLs.
    var message: String
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ message: String = "", headers: HTTPFields = [:]) {
        self.status = status
        self.message = message
        self.headers = headers
    }

    /// 400
    static func badRequest(_ message: String) -> APIError { APIError(.badRequest, message) }
}
