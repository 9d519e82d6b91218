import Synchronization

/// Facts of one request that inner stages find out and outer stages log. Contexts are copied on the way in, so the facts
/// need a place of their own to travel outwards.
final class RequestRecord: Sendable {
    struct Facts: Sendable {
        /// `req-<uuid>`, local to this service.
        var requestID: String?
        /// The id that came with the request: other services' log entries have it, too.
        var globalRequestID: String?
        /// Project and user of the token.
        var project: String?
        var user: String?
        /// Address of the client where a trusted proxy has told it; the connection's own is the proxy's then.
        var client: String?
        /// Path template of the route (`/v2/images/{image_id}`), so that log and metrics can group requests.
        var route: String?
        /// Of the route's placeholder `{image_id}`.
        var imageID: String?
    }

    private let facts = Mutex(Facts())

    var current: Facts { facts.withLock { $0 } }

    func update(_ change: (inout Facts) -> Void) {
        facts.withLock { change(&$0) }
    }
}
