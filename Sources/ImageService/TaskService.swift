public import Authorization
public import ImageDatabase
public import JSON
import TextCoding

/// Tasks: those of the old tasks API, and what imports of an image have come to.
public struct TaskService: Sendable {
    private let common: ServiceContext
    /// Tells this node's importer that there is something to do.
    private let wakeImporter: @Sendable () -> Void

    public init(_ common: ServiceContext, wakeImporter: @escaping @Sendable () -> Void = {}) {
        self.common = common
        self.wakeImporter = wakeImporter
    }

    /// Asks whether the caller may use the tasks API at all.
    public func authorize(_ caller: Caller) async throws {
        try await common.authorization.enforce(.tasksAPIAccess, for: caller)
    }

    /// One page of tasks: of the caller's project, or of all for administrators.
    public func list(_ query: TaskQuery, for caller: Caller) async throws -> [ImageTask] {
        try await common.authorization.enforce(.getTasks, for: caller)
        var query = query
        query.owner = caller.isAdmin ? nil : caller.project ?? ""
        query.limit = min(query.limit, common.settings.largestPage)
        _ = try await common.database.tasks.expire()
        do {
            return try await common.database.tasks.list(query)
        } catch {
            guard error == .markerNotFound else { throw error }
            throw ServiceError.invalid("No task found with ID \(query.marker ?? "")")
        }
    }

    public func task(_ id: String, for caller: Caller) async throws -> ImageTask {
        try await common.authorization.enforce(.getTask, for: caller)
        guard let task = try await common.database.tasks.find(id, owner: caller.isAdmin ? nil : caller.project ?? "")
        else { throw ServiceError.notFound("No task found with ID \(id)") }
        return task
    }

    /// Queues a task. One of the type `import` makes an image with data from a URL.
    public func create(type: String, input: JSONValue, for caller: Caller) async throws -> ImageTask {
        try common.authorization.requireWriter(caller)
        try await common.authorization.enforce(.addTask, for: caller)
        let task = ImageTask(
            id: UUIDText.random(), type: type, owner: caller.project ?? "",
            imageID: input["image_id"]?.stringValue, requestID: caller.requestID, userID: caller.identity?.userID,
            input: input)
        var job = ImportJob(taskID: task.id, imageID: nil, projectID: task.owner)
        job.roles = caller.identity?.roles ?? []
        try await common.database.imports.enqueue(task, job)
        common.tellQueued(task)
        wakeImporter()
        return task
    }

    /// The tasks of an image, for whoever can see it (Images API v2.13).
    public func tasks(ofImage id: String, for caller: Caller) async throws -> [ImageTask] {
        let image = try await common.visibleImage(id, for: caller)
        try await common.authorization.enforce(.getImage, on: image, for: caller)
        let tasks = try await common.database.tasks.ofImage(id)
        return caller.isAdmin ? tasks : tasks.filter { $0.owner == caller.project }
    }
}
