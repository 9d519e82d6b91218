import Hummingbird
import ImageService

/// `/v2/images/{image_id}/actions/…` (Images API v2, "Deactivate image", "Reactivate image").
struct ImageActions: Sendable {
    let service: ImageService

    var routes: [Route] {
        [
            Route(.post, "/v2/images/{image_id}/actions/deactivate", body: .rejected, handler: deactivate),
            Route(.post, "/v2/images/{image_id}/actions/reactivate", body: .rejected, handler: reactivate),
        ]
    }

    @Sendable private func deactivate(_ request: Request, _ context: APIContext) async throws -> Response {
        try await service.deactivate(context.pathParameters["image_id"], for: context.caller)
        return .empty(.noContent)
    }

    @Sendable private func reactivate(_ request: Request, _ context: APIContext) async throws -> Response {
        try await service.reactivate(context.pathParameters["image_id"], for: context.caller)
        return .empty(.noContent)
    }
}
