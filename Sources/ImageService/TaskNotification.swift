package import ImageDatabase
import JSON

extension ServiceContext {
    /// Tells what has become of a task: `create`, `run`, `processing`, `success` or `failure`. What it was given and what came of
    /// it stay untold, as they may be secret.
    package func tell(_ event: String, _ task: ImageTask, status: ImageTask.Status? = nil) {
        notifier.tell(
            "task." + event,
            [
                "id": .string(task.id), "type": .string(task.type), "status": .string((status ?? task.status).rawValue),
                "result": .null, "owner": .string(task.owner), "message": .null,
                "expires_at": .text(task.expiresAt?.iso8601), "created_at": .string(task.createdAt.iso8601),
                "updated_at": .string(task.updatedAt.iso8601), "deleted": false, "deleted_at": .null,
            ])
    }

    /// Tells that a task waits for an importer.
    package func tellQueued(_ task: ImageTask) {
        tell("create", task)
        tell("run", task)
    }
}
