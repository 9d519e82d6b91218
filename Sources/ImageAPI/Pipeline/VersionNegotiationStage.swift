import HTTPTypes
import Hummingbird

/// Glance's filter `versionnegotiation`: finds the API version in the media type or at the front of the path, and leads
/// everything that names a supported one to `/v2`. All else gets the list of versions.
struct VersionNegotiationStage: PipelineStage {
    let versions: VersionsDocument

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        switch decide(path: request.uri.path, accept: request.headers[.accept]) {
        case .asItIs:
            return try await next(request, context)
        case .rewritten(let path):
            var head = request.head
            head.path = request.uri.query.map { "\(path)?\($0)" } ?? path
            return try await next(Request(head: head, body: request.body), context)
        case .list(let status):
            return versions.response(status, baseURL: context.baseURL)
        }
    }

    enum Decision: Equatable {
        case asItIs
        /// Path below `/v2` that was meant.
        case rewritten(String)
        case list(HTTPResponse.Status)
    }

    func decide(path: String, accept: String?) -> Decision {
        // The usual case first, without looking any closer.
        let isVersion2 = path.utf8.starts(with: "/v2/".utf8)
        let mediaTypeVersion = accept.flatMap { Self.version(ofMediaType: $0) }
        if isVersion2 && mediaTypeVersion == nil { return .asItIs }

        let trimmed = path.utf8.drop { $0 == UInt8(ascii: "/") }
        let first = String(Substring(trimmed.prefix { $0 != UInt8(ascii: "/") }))
        if first == "versions" { return .list(.ok) }
        if let mediaTypeVersion {
            return versions.accepts(mediaTypeVersion) ? .rewritten("/v2\(path)") : .list(.multipleChoices)
        }
        guard versions.accepts(first) else { return .list(.multipleChoices) }
        return .rewritten("/v2\(Substring(trimmed.dropFirst(first.utf8.count)))")
    }

    /// `v2.3` of `application/vnd.openstack.images-v2.3`.
    private static func version(ofMediaType accept: String) -> String? {
        let prefix = "application/vnd.openstack.images-"
        guard accept.utf8.starts(with: prefix.utf8) else { return nil }
        return String(Substring(accept.utf8.dropFirst(prefix.utf8.count)))
    }
}
