import Hummingbird

/// One stage in front of the rest of the pipeline.
struct StageResponder<Stage: PipelineStage>: PipelineResponder {
    let stage: Stage
    let next: any PipelineResponder

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try await stage.handle(request, context: context) { request, context in
            try await next.respond(to: request, context: context)
        }
    }
}

extension PipelineResponder {
    /// This responder behind a stage.
    func behind(_ stage: some PipelineStage) -> any PipelineResponder {
        StageResponder(stage: stage, next: self)
    }
}

/// Applications by path prefix, the longest first (`[composite:…]` of a paste file).
struct URLMap: PipelineResponder {
    let mounts: [(prefix: String, responder: any PipelineResponder)]

    func respond(to request: Request, context: APIContext) async throws -> Response {
        let path = request.uri.path
        for mount in mounts where Self.path(path, isBelow: mount.prefix) {
            if mount.prefix != "/" { context.record.update { $0.route = mount.prefix } }
            return try await mount.responder.respond(to: request, context: context)
        }
        return APIError(.notFound).response(to: request)
    }

    private static func path(_ path: String, isBelow prefix: String) -> Bool {
        if prefix == "/" { return true }
        guard path.utf8.starts(with: prefix.utf8) else { return false }
        return path.utf8.count == prefix.utf8.count || path.utf8.dropFirst(prefix.utf8.count).first == UInt8(ascii: "/")
    }
}
