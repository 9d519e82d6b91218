import Events
import HTTPTypes
import Hummingbird
import Logging

/// Where every request comes in: gives it its id and base URL, answers what nobody else answered, and writes the access log
/// when the whole answer is written.
struct EntryStage: PipelineStage {
    /// `public_endpoint`, without a slash at the end.
    let publicEndpoint: String?
    let requestIDs: RequestIDPolicy
    /// Takes the entries of the access log; nil is the logger of the request.
    var accessLog: Logger?

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.inboundRequestID = requestIDs.check(request.headers[.openStackRequestID])
        let id = context.inboundRequestID.accepted ?? RequestIDPolicy.generate()
        let globalID = context.inboundRequestID.accepted
        context.record.update {
            $0.requestID = id
            $0.globalRequestID = globalID
        }
        context.caller.requestID = id
        context.logger[metadataKey: "request_id"] = "\(id)"
        context.baseURL = publicEndpoint ?? "http://\(request.head.authority ?? "localhost")"

        var received: ByteCount?
        let target = request.uri.string
        var request = request
        if let path = Self.mergingSlashes(request.head.path) {
            var head = request.head
            head.path = path
            request = Request(head: head, body: request.body)
        }
        if request.hasBody {
            let count = ByteCount()
            received = count
            request.body = RequestBody(asyncSequence: CountedBody(base: request.body, count: count))
        }
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            context.logger.log(
                .requestFailed, level: .error, "Request failed", metadata: ["error": "\(String(reflecting: error))"])
            response = APIError(error).response(to: request)
        }
        let entry = AccessLogEntry(
            method: request.method, path: target, status: response.status, start: context.arrival,
            record: context.record, client: context.remoteAddress, received: received)
        let logger = accessLog ?? context.logger
        if request.method == .head {
            // The server writes no body, so there is no end of it to wait for.
            entry.log(to: logger, bytes: 0, isComplete: true)
            return response
        }
        let body = response.body
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            let count = ByteCount()
            defer { if !count.isEnded { entry.log(to: logger, bytes: count.value, isComplete: false) } }
            // Before the end of the answer: who has it finds its line in the log.
            let writer = counting(writer, count) { entry.log(to: logger, bytes: count.value, isComplete: true) }
            try await body.write(writer)
        }
        return response
    }

    /// A path that says `//` somewhere in front of its query means the one with single slashes.
    ///
    /// - Returns: nil when there is nothing to merge.
    static func mergingSlashes(_ target: String?) -> String? {
        guard let target, target.utf8.first == UInt8(ascii: "/") else { return nil }
        let slash = UInt8(ascii: "/")
        var last: UInt8 = 0
        var isDouble = false
        for byte in target.utf8 {
            if byte == UInt8(ascii: "?") { break }
            if byte == slash && last == slash {
                isDouble = true
                break
            }
            last = byte
        }
        guard isDouble else { return nil }
        var merged: [UInt8] = []
        merged.reserveCapacity(target.utf8.count)
        var isQuery = false
        for byte in target.utf8 {
            if byte == UInt8(ascii: "?") { isQuery = true }
            if byte == slash && merged.last == slash && !isQuery { continue }
            merged.append(byte)
        }
        return String(decoding: merged, as: UTF8.self)
    }
}

extension HTTPField.Name {
    /// Inbound and outbound id of a request.
    static let openStackRequestID = HTTPField.Name("X-Openstack-Request-ID")!
}
