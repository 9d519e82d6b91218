import HTTPTypes
import Hummingbird
import ImageDatabase
import ImageService
import JSON

/// `/v2/cache` (Images API v2.14 and later, "Cache Manage"): the cache of the node that answers.
struct Cache: Sendable {
    let service: CacheService

    var routes: [Route] {
        [
            Route(.get, "/v2/cache", handler: list),
            Route(.delete, "/v2/cache", handler: clear),
            Route(.put, "/v2/cache/{image_id}", handler: fetch),
            Route(.delete, "/v2/cache/{image_id}", handler: delete),
            Route(.get, "/v2/cache/nodes/{image_id}", handler: nodes),
            Route(.post, "/v2/cache/clean", handler: clean),
            Route(.post, "/v2/cache/prune", handler: prune),
        ]
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let (cached, queued) = try await service.contents(for: context.caller)
        return .json(capacity: 64 + cached.count * 256 + queued.count * 48) { writer in
            writer.object { writer in
                writer.field("cached_images") { CachedImageDocument.write(cached, to: &$0) }
                writer.field("queued_images") { $0.array(queued) }
            }
        }
    }

    @Sendable private func fetch(_ request: Request, _ context: APIContext) async throws -> Response {
        try await service.fetch(context.pathParameters["image_id"], for: context.caller)
        return .empty(.accepted)
    }

    @Sendable private func delete(_ request: Request, _ context: APIContext) async throws -> Response {
        try await service.remove(context.pathParameters["image_id"], for: context.caller)
        return .empty(.noContent)
    }

    @Sendable private func clear(_ request: Request, _ context: APIContext) async throws -> Response {
        let target = (request.headers[.cacheClearTarget] ?? "").lowercased()
        let part = CacheService.Part(rawValue: target)
        guard part != nil || target.isEmpty else {
            try await service.authorize(.cacheDelete, for: context.caller)
            throw APIError.badRequest("The header x-image-cache-clear-target must be 'cache', 'queue' or empty.")
        }
        try await service.clear(part, for: context.caller)
        return .empty(.noContent)
    }

    @Sendable private func nodes(_ request: Request, _ context: APIContext) async throws -> Response {
        let nodes = try await service.nodes(of: context.pathParameters["image_id"], for: context.caller)
        return .json { $0.array(nodes) }
    }

    @Sendable private func clean(_ request: Request, _ context: APIContext) async throws -> Response {
        try await service.clean(for: context.caller)
        return .empty(.ok)
    }

    @Sendable private func prune(_ request: Request, _ context: APIContext) async throws -> Response {
        let pruned = try await service.prune(for: context.caller)
        return .json { writer in
            writer.object { writer in
                writer.field("total_files_pruned", pruned.files)
                writer.field("total_bytes_pruned", pruned.bytes)
            }
        }
    }
}

/// `/v2/cached_images` and `/v2/queued_images`: the older interface, which comes with the filter `cachemanage`.
struct CacheManagement: Sendable {
    let service: CacheService

    var routes: [Route] {
        [
            Route(.get, "/v2/cached_images", handler: listCached),
            Route(.delete, "/v2/cached_images", handler: clear(.cache)),
            Route(.delete, "/v2/cached_images/{image_id}", handler: delete(from: .cache)),
            Route(.get, "/v2/queued_images", handler: listQueued),
            Route(.delete, "/v2/queued_images", handler: clear(.queue)),
            Route(.put, "/v2/queued_images/{image_id}", handler: queue),
            Route(.delete, "/v2/queued_images/{image_id}", handler: delete(from: .queue)),
        ]
    }

    @Sendable private func listCached(_ request: Request, _ context: APIContext) async throws -> Response {
        let cached = try await service.contents(.manageImageCache, for: context.caller).cached
        return .json(capacity: 64 + cached.count * 256) { writer in
            writer.object { $0.field("cached_images") { CachedImageDocument.write(cached, to: &$0) } }
        }
    }

    @Sendable private func listQueued(_ request: Request, _ context: APIContext) async throws -> Response {
        let queued = try await service.contents(.manageImageCache, for: context.caller).queued
        return .json { writer in writer.object { $0.field("queued_images") { $0.array(queued) } } }
    }

    @Sendable private func queue(_ request: Request, _ context: APIContext) async throws -> Response {
        try await service.queue(context.pathParameters["image_id"], for: context.caller)
        return .json { $0.null() }
    }

    private func delete(from part: CacheService.Part) -> Route.Handler {
        { _, context in
            try await service.forget(context.pathParameters["image_id"], in: part, for: context.caller)
            return .json { $0.null() }
        }
    }

    private func clear(_ part: CacheService.Part) -> Route.Handler {
        { _, context in
            let count = try await service.clear(part, .manageImageCache, for: context.caller)
            return .json { writer in writer.object { $0.field("num_deleted", count) } }
        }
    }
}

/// Cached images in lists.
enum CachedImageDocument {
    static func write(_ images: [CachedImage], to writer: inout JSONWriter) {
        writer.array { writer in
            for image in images {
                writer.object { writer in
                    if let id = image.rowID { writer.field("id", id) }
                    writer.field("image_id", image.imageID)
                    writer.field("last_accessed") { $0.number(Double(image.lastAccessed.microseconds) / 1_000_000) }
                    writer.field("last_modified") { $0.number(Double(image.lastModified.microseconds) / 1_000_000) }
                    writer.field("size", image.size)
                    writer.field("hits", image.hits)
                    // Only the main database has a place for it.
                    if image.rowID != nil { writer.field("checksum", image.checksum) }
                }
            }
        }
    }
}

extension HTTPField.Name {
    fileprivate static let cacheClearTarget = HTTPField.Name("x-image-cache-clear-target")!
}
