import Hummingbird

/// What answers requests: an application, or a stage with all that is behind it.
///
/// Not Hummingbird's protocols: between theirs every call might change the executor, and asks whether it has to.
protocol PipelineResponder: Sendable {
    func respond(to request: Request, context: APIContext) async throws -> Response
}

/// A filter in front of something that answers.
protocol PipelineStage: Sendable {
    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response
}
