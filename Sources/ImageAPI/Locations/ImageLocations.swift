import Hummingbird
import ImageImport
import JSON

/// `/v2/images/{image_id}/locations` (Images API v2.17, "Locations").
struct ImageLocations: Sendable {
    let service: LocationService

    var routes: [Route] {
        [
            Route(.get, "/v2/images/{image_id}/locations", handler: list),
            Route(.post, "/v2/images/{image_id}/locations", handler: add),
        ]
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let locations = try await service.locations(
            of: context.pathParameters["image_id"], for: context.caller)
        return .json { writer in
            writer.array { writer in
                for location in locations {
                    writer.object { writer in
                        writer.field("url", location.shownURL)
                        writer.field("metadata", .object(location.metadata))
                    }
                }
            }
        }
    }

    @Sendable private func add(_ request: Request, _ context: APIContext) async throws -> Response {
        let draft = try Self.draft(try await request.json())
        try await service.add(draft, to: context.pathParameters["image_id"], for: context.caller)
        return .empty(.accepted)
    }

    /// `{"url": …, "validation_data": {"os_hash_algo": …, "os_hash_value": …}}`
    ///
    /// - Throws: ``APIError`` 400.
    static func draft(_ body: JSONValue) throws(APIError) -> LocationService.Draft {
        guard let members = body.objectValue, let url = members["url"]?.stringValue, !url.isEmpty else {
            throw .badRequest("The body must name the location: {\"url\": \"…\"}.")
        }
        if let other = members.keys.first(where: { !["url", "validation_data"].contains($0) }) {
            throw .badRequest("A location cannot have a member '\(other)' here.")
        }
        try FourByteText.refuse(in: url)
        switch members["validation_data"] {
        case nil, .null?: return LocationService.Draft(url: url)
        case .object(let data)? where data.isEmpty: return LocationService.Draft(url: url)
        case let data?:
            guard let algorithm = data["os_hash_algo"]?.stringValue, let value = data["os_hash_value"]?.stringValue
            else { throw .badRequest("validation_data needs os_hash_algo and os_hash_value.") }
            return LocationService.Draft(url: url, validation: (algorithm, value))
        }
    }
}
