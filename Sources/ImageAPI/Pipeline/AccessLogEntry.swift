import Events
import HTTPTypes
import Logging
import NIOCore

/// The entry of the access log for one request: everything that an operator asks about it, as fields.
struct AccessLogEntry: Sendable {
    let method: HTTPRequest.Method
    /// Path and query as the client sent them. Tokens travel in headers, so nothing in here is secret.
    let path: String
    let status: HTTPResponse.Status
    let start: ContinuousClock.Instant
    let record: RequestRecord
    /// Whoever has opened the connection: the client, or a proxy in front of us.
    let client: SocketAddress?
    /// Bytes of the request's body that were read.
    let received: ByteCount?

    /// - Parameters:
    ///   - bytes: of the body that were sent.
    ///   - isComplete: false when the connection broke before the end.
    func log(to logger: Logger, bytes: Int64, isComplete: Bool) {
        guard logger.logLevel <= .info else { return }
        let duration = (ContinuousClock.now - start).components
        let milliseconds = duration.seconds * 1000 + duration.attoseconds / 1_000_000_000_000_000
        let facts = record.current
        var metadata = Logger.Metadata(minimumCapacity: 16)
        metadata["method"] = .string(method.rawValue)
        metadata["status"] = .stringConvertible(status.code)
        metadata["bytes"] = .stringConvertible(bytes)
        metadata["bytes_in"] = .stringConvertible(received?.value ?? 0)
        metadata["duration_ms"] = .stringConvertible(milliseconds)
        func set(_ key: String, _ value: String?) { if let value { metadata[key] = .string(value) } }
        if let told = facts.client {
            set("client", told)
            set("proxy", client?.ipAddress)
        } else {
            set("client", client?.ipAddress)
        }
        set("request_id", facts.requestID)
        set("global_request_id", facts.globalRequestID)
        set("project_id", facts.project)
        set("user_id", facts.user)
        set("path_template", facts.route)
        set("image_id", facts.imageID)
        if !isComplete { metadata["aborted"] = "true" }
        logger.log(.requestFinished, "\(method.rawValue) \(path) \(status.code)", metadata: metadata)
    }
}
