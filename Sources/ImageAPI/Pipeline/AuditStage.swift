import Events
import HTTPTypes
import Hummingbird
import Logging

/// keystonemiddleware's filter `audit`: one event for each request, in the terms of CADF (DMTF DSP0262) — who (initiator) has
/// done what (action) to what (target), and how it ended (outcome). They go to the log; there is no message queue.
struct AuditStage: PipelineStage {
    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do {
            let response = try await next(request, context)
            log(request, context, status: response.status.code)
            return response
        } catch {
            log(request, context, status: APIError(error).status.code)
            throw error
        }
    }

    private func log(_ request: Request, _ context: APIContext, status: Int) {
        let facts = context.record.current
        let action = Self.action(request.method, path: request.uri.path)
        var metadata: Logger.Metadata = [
            "action": .string(action), "outcome": .string(status < 400 ? "success" : "failure"),
            "status": .stringConvertible(status),
            "target": .string(facts.imageID.map { "service/storage/image/\($0)" } ?? facts.route ?? "service/storage"),
        ]
        if case .confirmed(let identity, _) = context.authentication {
            metadata["initiator"] = .string(identity.userID)
            metadata["initiator_project"] = identity.projectID.map { .string($0) }
        } else {
            metadata["initiator"] = "unknown"
        }
        metadata["initiator_host"] = (facts.client ?? context.remoteAddress?.ipAddress).map { .string($0) }
        if let id = facts.requestID { metadata["request_id"] = .string(id) }
        context.logger.log(.requestAudited, "\(action) \(request.uri.path) \(status)", metadata: metadata)
    }

    /// CADF's action. Reading a path of many things is a list, of one a read.
    static func action(_ method: HTTPRequest.Method, path: String) -> String {
        switch method {
        case .get, .head:
            let last = path.split(separator: "/").last ?? ""
            return ["images", "members", "stores", "tasks", "schemas"].contains(last) ? "read/list" : "read"
        case .post: return "create"
        case .put, .patch: return "update"
        case .delete: return "delete"
        default: return "unknown"
        }
    }
}
