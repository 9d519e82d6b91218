import Hummingbird
import ImageService

/// `/v2/images/{image_id}/tags/{tag_value}` (Images API v2, "Add image tag", "Delete image tag").
struct ImageTags: Sendable {
    let service: TagService
    let schema: ImageSchema

    var routes: [Route] {
        [
            Route(.put, "/v2/images/{image_id}/tags/{tag_value}", body: .rejected, handler: add),
            Route(.delete, "/v2/images/{image_id}/tags/{tag_value}", body: .rejected, handler: remove),
        ]
    }

    @Sendable private func add(_ request: Request, _ context: APIContext) async throws -> Response {
        let tag = context.pathParameters["tag_value"]
        try FourByteText.refuse(in: tag)
        try schema.validate(.array([.string(tag)]), of: "tags")
        try await service.addTag(tag, to: context.pathParameters["image_id"], for: context.caller)
        return .empty(.noContent)
    }

    @Sendable private func remove(_ request: Request, _ context: APIContext) async throws -> Response {
        try await service.removeTag(
            context.pathParameters["tag_value"], from: context.pathParameters["image_id"], for: context.caller)
        return .empty(.noContent)
    }
}
