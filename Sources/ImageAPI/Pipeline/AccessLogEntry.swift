import HTTPTypes
import Logging
import NIOCore

/// One line of the access log: everything that an operator asks about a request, as fields.
struct AccessLogEntry: Sendable {
    let method: HTTPRequest.Method
    /// Path and query as the client sent them. Tokens travel in headers, so nothing in here is secret.
    let path: String
    let status: HTTPResponse.Status
    let start: ContinuousClock.Instant
    let record: RequestRecord
    let client: SocketAddress?

    /// - Parameters:
    ///   - bytes: of the body that were sent.
    ///   - isComplete: false when the connection broke before the end.
    func log(to logger: Logger, bytes: Int64, isComplete: Bool) {
        guard logger.logLevel <= .info else { return }
        let duration = (ContinuousClock.now - start).components
        let milliseconds = duration.seconds * 1000 + duration.attoseconds / 1_000_000_000_000_000
        let facts = record.current
        var metadata: Logger.Metadata = [
            "method": "\(method)", "path": "\(path)", "status": "\(status.code)", "bytes": "\(bytes)",
            "duration_ms": "\(milliseconds)",
        ]
        if let address = client?.ipAddress { metadata["client"] = "\(address)" }
        if let id = facts.requestID { metadata["request_id"] = "\(id)" }
        if let project = facts.project { metadata["project_id"] = "\(project)" }
        if let user = facts.user { metadata["user_id"] = "\(user)" }
        if let route = facts.route { metadata["route"] = "\(route)" }
        if !isComplete { metadata["aborted"] = "true" }
        logger.info("\(method) \(path) \(status.code)", metadata: metadata)
    }
}
