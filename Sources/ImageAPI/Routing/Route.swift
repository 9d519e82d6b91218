import HTTPTypes
import Hummingbird

/// One line of the route table. The table is the only place that knows which resource answers which methods: the router,
/// `Allow` on 405 and the path templates in logs all come from it.
struct Route: Sendable {
    typealias Handler = @Sendable (Request, APIContext) async throws -> Response

    /// What happens to a request that brings a body.
    enum BodyRule: Sendable {
        /// The handler reads it, or ignores it.
        case accepted
        /// 400 when it is not empty.
        case rejected
    }

    let method: HTTPRequest.Method
    /// `/v2/images/{image_id}`: a segment is either literal or one placeholder.
    let template: String
    let body: BodyRule
    let handler: Handler

    init(
        _ method: HTTPRequest.Method, _ template: String, body: BodyRule = .accepted, handler: @escaping Handler
    ) {
        self.method = method
        self.template = template
        self.body = body
        self.handler = handler
    }
}
