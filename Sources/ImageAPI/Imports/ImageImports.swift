import Hummingbird
import ImageImport

/// `/v2/images/{image_id}/import` and `/stage` (Images API v2, "Interoperable image import").
struct ImageImports: Sendable {
    let service: ImportService
    let transfers: TransferCount

    var routes: [Route] {
        [
            Route(.post, "/v2/images/{image_id}/import", handler: start),
            Route(.put, "/v2/images/{image_id}/stage", handler: stage),
        ]
    }

    @Sendable private func start(_ request: Request, _ context: APIContext) async throws -> Response {
        let wanted = try ImportRequest(try await request.json(), enabled: service.settings.methods)
        try await service.importImage(
            context.pathParameters["image_id"], wanted, store: request.headers[.imageMetaStore], for: context.caller)
        return .empty(.accepted)
    }

    @Sendable private func stage(_ request: Request, _ context: APIContext) async throws -> Response {
        let size = try ImageData.uploadSize(request.headers)
        try await transfers.counting {
            try await service.stage(
                request.body, for: context.pathParameters["image_id"], expectedSize: size, caller: context.caller)
        }
        return .empty(.noContent)
    }
}
