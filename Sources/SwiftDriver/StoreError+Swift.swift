import ImageStore
import OutgoingHTTP

extension StoreError {
    /// - Parameter doing: what could not be done, such as `Swift cannot be asked`.
    init(_ error: OutgoingHTTPError, _ doing: String) {
        self = error == .timeout ? .timeout : .backend("\(doing): \(error)")
    }

    /// An answer of Swift that is no success.
    init(swiftStatus status: UInt) {
        switch status {
        case 401: self = .permissionDenied("Swift does not accept the token")
        case 403: self = .permissionDenied("Swift refuses access to the container")
        case 404: self = .notFound
        case 412: self = .duplicate
        // 413 is a quota, or the limit of one object.
        case 413, 507: self = .full
        default: self = .backend("Swift answers \(status)")
        }
    }
}

extension RetryPolicy {
    /// For what can be sent twice.
    static var forSwift: RetryPolicy {
        var policy = RetryPolicy()
        policy.failures = 2
        policy.answers = 2
        policy.answerDelay = .milliseconds(300)
        policy.statuses = [408, 429, 498, 500, 502, 503, 504]
        return policy
    }
}
