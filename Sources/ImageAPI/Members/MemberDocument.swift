import ImageModel
import JSON

/// Writes members in the form of the Images API v2.
enum MemberDocument {
    static func write(_ member: ImageMember, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("member_id", member.project)
            writer.field("image_id", member.imageID)
            writer.field("status", member.status.rawValue)
            writer.field("created_at", member.createdAt.iso8601)
            writer.field("updated_at", member.updatedAt.iso8601)
            writer.field("schema", "/v2/schemas/member")
        }
    }
}
