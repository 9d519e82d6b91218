import HTTPTypes
import Hummingbird
import ImageDatabase
import JSON
import MetadefService
import TextCoding

/// `/v2/metadefs/namespaces/{namespace}/objects`, `/properties` and `/tags` (Images API v2, "Metadata definitions").
struct MetadefEntries: Sendable {
    let kind: MetadefEntry.Kind
    let service: MetadefService
    let bodies: MetadefBodies
    let limits: ImageListRequest.Limits

    private var collection: String {
        switch kind {
        case .object: "objects"
        case .property: "properties"
        case .tag: "tags"
        }
    }

    var routes: [Route] {
        let all = "/v2/metadefs/namespaces/{namespace}/\(collection)"
        let one = all + "/{name}"
        return [
            Route(.get, all, handler: list),
            Route(.post, all, handler: kind == .tag ? createTags : create),
            Route(.delete, all, handler: deleteAll),
            Route(.get, one, handler: show),
            Route(.put, one, handler: update),
            Route(.delete, one, handler: delete),
        ] + (kind == .tag ? [Route(.post, one, handler: createTag)] : [])
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let namespace = context.pathParameters["namespace"]
        if kind == .property {
            let page = MetadefPage(sortKey: .name, isAscending: true)
            let properties = try await service.entries(kind, of: namespace, page, for: context.caller)
            return .json(capacity: 128 + properties.count * 512) { writer in
                writer.object { $0.field("properties") { MetadefDocument.write(properties: properties, to: &$0) } }
            }
        }
        let parameters = try request.query()
        let page = try MetadefPage(parameters, limits: limits, isObjects: kind == .object)
        let entries = try await service.entries(kind, of: namespace, page, for: context.caller)
        let isFull = !entries.isEmpty && entries.count == page.limit
        let links = PageLinks(
            path: MetadefDocument.path(of: namespace) + "/" + collection, parameters: parameters,
            nextMarker: isFull ? entries.last?.name : nil)
        return .json(capacity: 256 + entries.count * 512) { writer in
            writer.object { writer in
                writer.field(collection) { writer in
                    if kind == .tag { return MetadefDocument.write(tags: entries, to: &writer) }
                    writer.array { writer in
                        for entry in entries {
                            MetadefDocument.write(object: entry, of: namespace, to: &writer)
                        }
                    }
                }
                writer.field("first", links.first)
                if let next = links.next { writer.field("next", next) }
                // The missing slash has always been missing.
                writer.field("schema", kind == .tag ? "/v2/schemas/metadefs/tags" : "v2/schemas/metadefs/objects")
            }
        }
    }

    @Sendable private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        let namespace = context.pathParameters["namespace"]
        let entry = try self.entry(in: try await request.json())
        try await service.add([entry], kind, to: namespace, for: context.caller)
        let path =
            "\(MetadefDocument.path(of: namespace))/\(collection)/" + PercentEncoding.encode(entry.name)
        return answer(entry, namespace, .created, headers: [.location: context.baseURL + path])
    }

    /// One tag, without a body.
    @Sendable private func createTag(_ request: Request, _ context: APIContext) async throws -> Response {
        let namespace = context.pathParameters["namespace"]
        let tag = try bodies.tag(["name": .string(context.pathParameters["name"])])
        try await service.add([tag], .tag, to: namespace, for: context.caller)
        let path = "\(MetadefDocument.path(of: namespace))/tags/" + PercentEncoding.encode(tag.name)
        return answer(tag, namespace, .created, headers: [.location: context.baseURL + path])
    }

    /// Several tags, which replace all others unless the client says otherwise.
    @Sendable private func createTags(_ request: Request, _ context: APIContext) async throws -> Response {
        let namespace = context.pathParameters["namespace"]
        let body = try await request.json()
        guard let members = body.objectValue, members.count == 1, let values = members["tags"]?.arrayValue else {
            throw APIError.badRequest("The body must have a list of tags: {\"tags\": [{\"name\": \"…\"}]}.")
        }
        var tags: [MetadefEntry] = []
        for value in values { tags.append(try bodies.tag(value)) }
        let appends = ["1", "t", "true", "on", "y", "yes"].contains(
            (request.headers[.openStackAppend] ?? "").lowercased())
        try await service.add(tags, .tag, to: namespace, isList: true, replacing: !appends, for: context.caller)
        let location = context.baseURL + MetadefDocument.path(of: namespace) + "/tags"
        return .json(.created, headers: [.location: location]) { writer in
            writer.object { $0.field("tags") { MetadefDocument.write(tags: tags, to: &$0) } }
        }
    }

    @Sendable private func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let parameters = context.pathParameters
        let type = kind == .property ? try request.query()["resource_type"] : nil
        let entry = try await service.entry(
            kind, parameters["name"], of: parameters["namespace"], resourceType: type, for: context.caller)
        return answer(entry, parameters["namespace"], .ok)
    }

    @Sendable private func update(_ request: Request, _ context: APIContext) async throws -> Response {
        let parameters = context.pathParameters
        let entry = try self.entry(in: try await request.json())
        let changed = try await service.update(
            kind, parameters["name"], of: parameters["namespace"], to: entry, for: context.caller)
        return answer(changed, parameters["namespace"], .ok)
    }

    @Sendable private func delete(_ request: Request, _ context: APIContext) async throws -> Response {
        let parameters = context.pathParameters
        try await service.delete(kind, parameters["name"], of: parameters["namespace"], for: context.caller)
        return .empty(.noContent)
    }

    @Sendable private func deleteAll(_ request: Request, _ context: APIContext) async throws -> Response {
        try await service.deleteAll(kind, of: context.pathParameters["namespace"], for: context.caller)
        return .empty(.noContent)
    }

    // MARK: Bodies

    private func entry(in body: JSONValue) throws(APIError) -> MetadefEntry {
        switch kind {
        case .object: try bodies.object(body)
        case .property: try bodies.property(body)
        case .tag: try bodies.tag(body)
        }
    }

    private func answer(
        _ entry: MetadefEntry, _ namespace: String, _ status: HTTPResponse.Status, headers: HTTPFields = [:]
    ) -> Response {
        .json(status, headers: headers) { writer in
            switch kind {
            case .object: MetadefDocument.write(object: entry, of: namespace, to: &writer)
            case .property: MetadefDocument.write(property: entry, to: &writer)
            case .tag: MetadefDocument.write(tag: entry, to: &writer)
            }
        }
    }
}
