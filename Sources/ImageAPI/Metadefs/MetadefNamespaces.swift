import HTTPTypes
import Hummingbird
import ImageDatabase
import JSON
import MetadefService

/// `/v2/metadefs/namespaces`, and the resource types of namespaces (Images API v2, "Metadata definitions").
struct MetadefNamespaces: Sendable {
    let service: MetadefService
    let bodies: MetadefBodies
    let limits: ImageListRequest.Limits

    var routes: [Route] {
        let one = "/v2/metadefs/namespaces/{namespace}"
        return [
            Route(.get, "/v2/metadefs/namespaces", handler: list),
            Route(.post, "/v2/metadefs/namespaces", handler: create),
            Route(.get, one, handler: show),
            Route(.put, one, handler: update),
            Route(.delete, one, handler: delete),
            Route(.get, one + "/resource_types", handler: listAssociations),
            Route(.post, one + "/resource_types", handler: associate),
            Route(.delete, one + "/resource_types/{resource_type}", handler: dissociate),
            Route(.get, "/v2/metadefs/resource_types", handler: listResourceTypes),
        ]
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let parameters = try request.query()
        let page = try MetadefPage(parameters, limits: limits, isNamespaces: true)
        let visibility = parameters["visibility"]
        if let visibility, !["public", "private"].contains(visibility) {
            throw APIError.badRequest("Invalid visibility value: \(visibility)")
        }
        let types = (parameters["resource_types"] ?? "").split(separator: ",").map(String.init)
        let found = try await service.namespaces(
            visibility: visibility, resourceTypes: types, page, for: context.caller)
        let isFull = !found.isEmpty && found.count == page.limit
        let links = PageLinks(
            path: "/v2/metadefs/namespaces", parameters: parameters,
            nextMarker: isFull ? found.last?.namespace.name : nil)
        return .json(capacity: 128 + found.count * 1024) { writer in
            writer.object { writer in
                writer.field("namespaces") { writer in
                    writer.array { writer in
                        for (namespace, associations) in found {
                            MetadefDocument.write(namespace, to: &writer) { writer in
                                var contents = MetadefContents()
                                contents.associations = associations
                                MetadefDocument.write(contents, of: namespace.name, to: &writer)
                            }
                        }
                    }
                }
                writer.field("first", links.first)
                if let next = links.next { writer.field("next", next) }
                writer.field("schema", "/v2/schemas/metadefs/namespaces")
            }
        }
    }

    @Sendable private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        let (namespace, contents) = try bodies.namespace(
            try await request.json(), owner: context.caller.project ?? "")
        let made = try await service.create(namespace, contents, for: context.caller)
        let location = context.baseURL + MetadefDocument.path(of: made.name)
        return .json(.created, headers: [.location: location]) { writer in
            MetadefDocument.write(made, to: &writer) { writer in
                MetadefDocument.write(contents, of: made.name, to: &writer)
            }
        }
    }

    @Sendable private func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let (namespace, contents) = try await service.namespace(
            context.pathParameters["namespace"], for: context.caller)
        var prefix = ""
        if let type = try request.query()["resource_type"] {
            prefix = contents.associations.first { $0.name == type }?.prefix ?? ""
        }
        return .json(capacity: 4096) { writer in
            MetadefDocument.write(namespace, to: &writer) { writer in
                MetadefDocument.write(contents, of: namespace.name, prefix: prefix, to: &writer)
            }
        }
    }

    @Sendable private func update(_ request: Request, _ context: APIContext) async throws -> Response {
        let (namespace, _) = try bodies.namespace(try await request.json(), owner: context.caller.project ?? "")
        let changed = try await service.update(
            context.pathParameters["namespace"], to: namespace, for: context.caller)
        return .json { MetadefDocument.write(changed, to: &$0) }
    }

    @Sendable private func delete(_ request: Request, _ context: APIContext) async throws -> Response {
        try await service.delete(context.pathParameters["namespace"], for: context.caller)
        return .empty(.noContent)
    }

    // MARK: Resource types

    @Sendable private func listAssociations(_ request: Request, _ context: APIContext) async throws -> Response {
        let found = try await service.associations(of: context.pathParameters["namespace"], for: context.caller)
        return .json { writer in
            writer.object { $0.field("resource_type_associations") { MetadefDocument.write(found, to: &$0) } }
        }
    }

    @Sendable private func associate(_ request: Request, _ context: APIContext) async throws -> Response {
        let association = try bodies.association(try await request.json())
        try await service.associate(association, with: context.pathParameters["namespace"], for: context.caller)
        return .json(.created) { MetadefDocument.write(association, to: &$0) }
    }

    @Sendable private func dissociate(_ request: Request, _ context: APIContext) async throws -> Response {
        let parameters = context.pathParameters
        try await service.dissociate(
            parameters["resource_type"], from: parameters["namespace"], for: context.caller)
        return .empty(.noContent)
    }

    @Sendable private func listResourceTypes(_ request: Request, _ context: APIContext) async throws -> Response {
        let found = try await service.resourceTypes(for: context.caller)
        return .json { writer in
            writer.object { $0.field("resource_types") { MetadefDocument.write(found, to: &$0) } }
        }
    }
}
