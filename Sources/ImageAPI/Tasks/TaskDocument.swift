import ImageDatabase
import JSON
import TextCoding

/// A task as the API shows it.
enum TaskDocument {
    /// `GET /v2/tasks/{id}` and, without what can be large, an entry of `GET /v2/tasks`.
    static func write(_ task: ImageTask, whole: Bool, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", task.id)
            writer.field("type", task.type)
            writer.field("status", task.status.rawValue)
            writer.field("owner", task.owner)
            if whole {
                writer.field("input", task.input ?? .null)
                writer.field("message", task.message)
                writer.field("result", task.result ?? .null)
                if let image = task.imageID { writer.field("image_id", image) }
                if let request = task.requestID { writer.field("request_id", request) }
                if let user = task.userID { writer.field("user_id", user) }
            }
            if let end = task.expiresAt { writer.field("expires_at", end.iso8601) }
            writer.field("created_at", task.createdAt.iso8601)
            writer.field("updated_at", task.updatedAt.iso8601)
            writer.field("self", "/v2/tasks/" + PercentEncoding.encode(task.id))
            writer.field("schema", "/v2/schemas/task")
        }
    }

    /// An entry of `GET /v2/images/{image_id}/tasks`, whose times have microseconds and no zone, as they always had.
    static func writeOfImage(_ task: ImageTask, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", task.id)
            writer.field("type", task.type)
            writer.field("status", task.status.rawValue)
            writer.field("owner", task.owner)
            writer.field("expires_at", task.expiresAt.map(time))
            writer.field("created_at", time(task.createdAt))
            writer.field("updated_at", time(task.updatedAt))
            writer.field("deleted_at", nil as String?)
            writer.field("deleted", false)
            writer.field("image_id", task.imageID)
            writer.field("request_id", task.requestID)
            writer.field("user_id", task.userID)
            writer.field("input", task.input ?? .null)
            writer.field("result", task.result ?? .null)
            writer.field("message", task.message)
        }
    }

    private static func time(_ time: Timestamp) -> String { time.databaseText.replacing(" ", with: "T") }
}
