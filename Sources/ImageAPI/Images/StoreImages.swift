import Hummingbird
import ImageService

/// `/v2/stores/{store_id}/{image_id}` (Images API v2, "Delete image from store").
struct StoreImages: Sendable {
    let service: ImageService

    var routes: [Route] {
        [Route(.delete, "/v2/stores/{store_id}/{image_id}", body: .rejected, handler: delete)]
    }

    @Sendable private func delete(_ request: Request, _ context: APIContext) async throws -> Response {
        try await service.deleteFromStore(
            context.pathParameters["store_id"], image: context.pathParameters["image_id"], for: context.caller)
        return .empty(.noContent)
    }
}
