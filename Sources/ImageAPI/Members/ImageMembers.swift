import Hummingbird
import ImageModel
import ImageService
import JSON

/// `/v2/images/{image_id}/members` (Images API v2, "Sharing").
struct ImageMembers: Sendable {
    let service: MemberService

    /// Most characters of a project's id: the width of the column.
    static let longestMember = 255

    var routes: [Route] {
        [
            Route(.get, "/v2/images/{image_id}/members", body: .rejected, handler: list),
            Route(.post, "/v2/images/{image_id}/members", handler: add),
            Route(.get, "/v2/images/{image_id}/members/{member_id}", body: .rejected, handler: show),
            Route(.put, "/v2/images/{image_id}/members/{member_id}", handler: update),
            Route(.delete, "/v2/images/{image_id}/members/{member_id}", body: .rejected, handler: remove),
        ]
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let members = try await service.members(of: context.pathParameters["image_id"], for: context.caller)
        return .json(capacity: 64 + members.count * 384) { writer in
            writer.object { writer in
                writer.field("members") { writer in
                    writer.array { writer in
                        for member in members { MemberDocument.write(member, to: &writer) }
                    }
                }
                writer.field("schema", "/v2/schemas/members")
            }
        }
    }

    @Sendable private func add(_ request: Request, _ context: APIContext) async throws -> Response {
        let project = try Self.project(in: try await request.json())
        return answer(
            try await service.addMember(project, to: context.pathParameters["image_id"], for: context.caller))
    }

    @Sendable private func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let parameters = context.pathParameters
        return answer(
            try await service.member(parameters["member_id"], of: parameters["image_id"], for: context.caller))
    }

    @Sendable private func update(_ request: Request, _ context: APIContext) async throws -> Response {
        let status = try Self.status(in: try await request.json())
        let parameters = context.pathParameters
        return answer(
            try await service.setMemberStatus(
                status, of: parameters["member_id"], in: parameters["image_id"], for: context.caller))
    }

    @Sendable private func remove(_ request: Request, _ context: APIContext) async throws -> Response {
        let parameters = context.pathParameters
        try await service.removeMember(parameters["member_id"], from: parameters["image_id"], for: context.caller)
        return .empty(.noContent)
    }

    private func answer(_ member: ImageMember) -> Response {
        .json(capacity: 384) { MemberDocument.write(member, to: &$0) }
    }

    // MARK: Bodies

    /// `{"member": "<project>"}`
    ///
    /// - Throws: ``APIError`` 400.
    static func project(in body: JSONValue) throws(APIError) -> String {
        guard let project = body.objectValue?["member"]?.stringValue, !project.isEmpty else {
            throw .badRequest("The body must name the project to add: {\"member\": \"<project>\"}.")
        }
        guard project.unicodeScalars.count <= longestMember else {
            throw .badRequest("A member can have at most \(longestMember) characters.")
        }
        try FourByteText.refuse(in: project)
        return project
    }

    /// `{"status": "accepted"}`
    ///
    /// - Throws: ``APIError`` 400.
    static func status(in body: JSONValue) throws(APIError) -> ImageMember.Status {
        guard let text = body.objectValue?["status"]?.stringValue, let status = ImageMember.Status(rawValue: text)
        else {
            throw .badRequest("The body must hold the member's status: pending, accepted or rejected.")
        }
        return status
    }
}
