import Events
import HTTPTypes
import Hummingbird
import Logging

/// The end of the pipeline: finds the route, keeps Glance's rules for everything that has none, and turns whatever a handler
/// throws into an answer.
///
/// Hummingbird's own router cannot say which methods a path has, which 405 with `Allow` needs; hence ``RouteTable``.
struct APIRouter: PipelineResponder {
    let table: RouteTable

    func respond(to request: Request, context: APIContext) async -> Response {
        do {
            return try await dispatch(request, context)
        } catch {
            let answer = APIError(error)
            if answer.status.code >= 500 && !(error is APIError) {
                context.logger.log(
                    .requestFailed, level: .error, "Request failed",
                    metadata: ["error": "\(String(reflecting: error))"])
            }
            return answer.response(to: request)
        }
    }

    private func dispatch(_ request: Request, _ context: APIContext) async throws -> Response {
        let path = request.uri.path
        if path == "/v2" { return Self.redirect(to: "\(context.baseURL)/v2/") }
        guard let (endpoint, parameters) = try table.match(path) else {
            throw APIError(Self.knownMethods.contains(request.method) ? .notFound : .notImplemented)
        }
        let image = parameters["image_id"]
        context.record.update {
            $0.route = endpoint.template
            // Whatever else a client writes there is no id of an image.
            if !image.isEmpty, image.utf8.count <= 36 { $0.imageID = image }
        }
        guard let route = endpoint.route(for: request.method) else {
            throw APIError(.methodNotAllowed, headers: [.allow: endpoint.allow])
        }
        if route.body == .rejected && request.hasBody {
            throw APIError.badRequest("A body is not expected with this request.")
        }
        var context = context
        context.pathParameters = parameters
        return try await route.handler(request, context)
    }

    /// Methods that are 404 rather than 501 on a path that does not exist.
    private static let knownMethods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .delete, .patch]

    private static func redirect(to location: String) -> Response {
        Response(
            status: .found,
            headers: [.location: location, .contentType: "text/plain; charset=utf8", .contentLength: "0"])
    }
}
