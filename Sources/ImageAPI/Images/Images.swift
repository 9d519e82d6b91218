import HTTPTypes
import Hummingbird
import ImageImport
import ImageModel
import ImageService

/// `/v2/images` and `/v2/images/{image_id}` (Images API v2, "Images").
struct Images: Sendable {
    let service: ImageService
    let imports: ImportService
    let schema: ImageSchema
    let document: ImageDocument
    let limits: ImageListRequest.Limits
    /// Stores that an image can be put into, for the answer to `create`; empty without multi-store.
    let storeIDs: String
    /// Methods by which it can be imported, for the same answer.
    let importMethods: String

    init(service: ImageService, imports: ImportService, settings: ImageResourceSettings) {
        self.service = service
        self.imports = imports
        schema = settings.schema
        importMethods = imports.settings.methods.joined(separator: ",")
        document = ImageDocument(settings, stores: service.stores)
        limits = settings.pages
        storeIDs = service.stores.isMultiStore ? service.stores.stores.map(\.id).joined(separator: ",") : ""
    }

    var routes: [Route] {
        [
            Route(.get, "/v2/images", handler: list),
            Route(.post, "/v2/images", handler: create),
            Route(.patch, "/v2/images/{image_id}", handler: update),
            Route(.get, "/v2/images/{image_id}", body: .rejected, handler: show),
            Route(.delete, "/v2/images/{image_id}", body: .rejected, handler: delete),
        ]
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let parameters = try request.query()
        let viewer = ImageQuery.Viewer(project: context.caller.project, isAdmin: context.caller.isAdmin)
        let query = try ImageListRequest(parameters, viewer: viewer, limits: limits).query
        let page = try await service.list(query, for: context.caller)
        let links = PageLinks(path: "/v2/images", parameters: parameters, nextMarker: page.nextMarker)
        return .json(capacity: 256 + page.images.count * ImageDocument.capacity) { writer in
            writer.object { writer in
                writer.field("images") { writer in
                    writer.array { writer in
                        for image in page.images { document.write(image, to: &writer) }
                    }
                }
                writer.field("first", links.first)
                writer.field("schema", "/v2/schemas/images")
                if let next = links.next { writer.field("next", next) }
            }
        }
    }

    @Sendable private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        let draft = try ImageDraft(json: try await request.json(), schema: schema)
        let image = try await service.create(draft, for: context.caller)
        var headers = HTTPFields()
        if !importMethods.isEmpty { headers[.imageImportMethods] = importMethods }
        if !storeIDs.isEmpty { headers[.imageStoreIDs] = storeIDs }
        headers[.location] = context.baseURL + ImageDocument.path(of: image.id)
        return answer(image, .created, headers: headers)
    }

    @Sendable private func show(_ request: Request, _ context: APIContext) async throws -> Response {
        answer(try await service.show(context.pathParameters["image_id"], for: context.caller))
    }

    @Sendable private func update(_ request: Request, _ context: APIContext) async throws -> Response {
        guard let dialect = ImagePatch.Dialect(contentType: request.headers[.contentType]) else {
            throw APIError(
                .unsupportedMediaType,
                "An image patch must have one of these content types: \(ImagePatch.Dialect.accepted)",
                headers: [.acceptPatch: ImagePatch.Dialect.accepted])
        }
        let patch = try ImagePatch(json: try await request.json(), dialect: dialect, schema: schema)
        return answer(
            try await service.update(context.pathParameters["image_id"], patch.changes, for: context.caller))
    }

    @Sendable private func delete(_ request: Request, _ context: APIContext) async throws -> Response {
        try await imports.delete(context.pathParameters["image_id"], for: context.caller)
        return .empty(.noContent)
    }

    private func answer(
        _ image: Image, _ status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        .json(status, headers: headers, capacity: ImageDocument.capacity) { document.write(image, to: &$0) }
    }
}

extension HTTPField.Name {
    /// Media types that a PATCH may have (RFC 5789, section 3.1).
    static let acceptPatch = literal("Accept-Patch")
    /// Stores that the created image can be put into.
    static let imageStoreIDs = literal("OpenStack-image-store-ids")
    /// Methods by which the created image can be imported.
    static let imageImportMethods = literal("OpenStack-image-import-methods")
    /// Whether tags of a namespace are added to those that it has.
    static let openStackAppend = literal("X-Openstack-Append")
    /// Store that an upload is meant for.
    static let imageMetaStore = literal("X-Image-Meta-Store")
    /// Bytes of an upload that are to come, for chunked bodies.
    static let imageSize = literal("x-openstack-image-size")
    /// MD5 of the whole data in hexadecimal, as Glance always sent it; RFC 1864 wanted Base64.
    static let contentMD5 = literal("Content-MD5")

    /// The field with a name that is known to be valid.
    private static func literal(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is not a field name") }
        return field
    }
}
