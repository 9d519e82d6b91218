import Events
import HTTPTypes
import Hummingbird
import Logging

/// Where every request comes in: gives it its id and base URL, answers what nobody else answered, and writes the access log
/// when the last byte of the answer is out.
struct EntryStage: RouterMiddleware {
    /// `public_endpoint`, without a slash at the end.
    let publicEndpoint: String?
    let requestIDs: RequestIDPolicy
    /// Takes the entries of the access log; nil is the logger of the request.
    var accessLog: Logger?

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
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
        var request = request
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
            method: request.method, path: request.uri.string, status: response.status, start: start,
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
            do {
                try await body.write(counting(writer, count))
            } catch {
                entry.log(to: logger, bytes: count.value, isComplete: false)
                throw error
            }
            entry.log(to: logger, bytes: count.value, isComplete: true)
        }
        return response
    }
}

extension HTTPField.Name {
    /// Inbound and outbound id of a request.
    static let openStackRequestID = HTTPField.Name("X-Openstack-Request-ID")!
}
