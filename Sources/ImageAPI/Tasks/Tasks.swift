import Hummingbird
import ImageDatabase
import ImageImport
import ImageService
import JSON
import TextCoding

/// `/v2/tasks` (Images API v2, "Tasks") and `/v2/images/{image_id}/tasks`.
struct Tasks: Sendable {
    let service: TaskService
    let imports: ImportService
    let limits: ImageListRequest.Limits

    var routes: [Route] {
        [
            Route(.get, "/v2/tasks", handler: list),
            Route(.post, "/v2/tasks", handler: create),
            Route(.get, "/v2/tasks/{task_id}", handler: show),
            Route(.delete, "/v2/tasks/{task_id}", handler: delete),
            Route(.get, "/v2/images/{image_id}/tasks", body: .rejected, handler: listOfImage),
        ]
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        try await service.authorize(context.caller)
        let parameters = try request.query()
        let query = try query(parameters)
        let tasks = try await service.list(query, for: context.caller)
        let isFull = !tasks.isEmpty && tasks.count == query.limit
        let links = PageLinks(path: "/v2/tasks", parameters: parameters, nextMarker: isFull ? tasks.last?.id : nil)
        return .json(capacity: 128 + tasks.count * 512) { writer in
            writer.object { writer in
                writer.field("tasks") { writer in
                    writer.array { writer in
                        for task in tasks { TaskDocument.write(task, whole: false, to: &writer) }
                    }
                }
                writer.field("first", links.first)
                writer.field("schema", "/v2/schemas/tasks")
                if let next = links.next { writer.field("next", next) }
            }
        }
    }

    /// - Throws: ``APIError`` 400.
    private func query(_ parameters: QueryParameters) throws(APIError) -> TaskQuery {
        var query = TaskQuery(limit: min(limits.standard, limits.maximum))
        if let text = parameters["limit"] {
            guard let limit = Int(text) else { throw .badRequest("limit param must be an integer") }
            guard limit >= 0 else { throw .badRequest("limit param must be positive") }
            query.limit = min(limit, limits.maximum)
        }
        if let marker = parameters["marker"] {
            guard UUIDText.isValid(marker) else { throw .badRequest("Invalid marker format") }
            query.marker = marker
        }
        if let text = parameters["status"], !text.isEmpty {
            guard let status = ImageTask.Status(rawValue: text) else {
                throw .badRequest("Invalid status value: \(text)")
            }
            query.status = status
        }
        if let type = parameters["type"], !type.isEmpty {
            guard type == "import" else { throw .badRequest("Invalid type value: \(type)") }
            query.type = type
        }
        if let text = parameters["sort_key"] {
            guard let key = TaskQuery.SortKey(rawValue: text) else { throw .badRequest("Invalid sort key: \(text)") }
            query.sortKey = key
        }
        switch parameters["sort_dir"] ?? "desc" {
        case "asc": query.isAscending = true
        case "desc": query.isAscending = false
        case let other: throw .badRequest("Invalid sort direction: \(other)")
        }
        return query
    }

    private static let types = ["import", "api_image_import", "location_import"]

    @Sendable private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        try await service.authorize(context.caller)
        let body = try await request.json()
        for name in ["type", "input"] where body.objectValue?[name] == nil {
            throw APIError.badRequest("Task '\(name)' is required")
        }
        // Other types than import are accepted, as they always were, and fail.
        guard let type = body["type"]?.stringValue, Self.types.contains(type) else {
            throw APIError.badRequest("A task's type must be one of \(Self.types.joined(separator: ", ")).")
        }
        guard let input = body["input"], input.objectValue != nil else {
            throw APIError.badRequest("A task's input must be a JSON object.")
        }
        if type == "import" { try await imports.checkSource(input["import_from"]?.stringValue ?? "") }
        let task = try await service.create(type: type, input: input, for: context.caller)
        let path = "/v2/tasks/" + PercentEncoding.encode(task.id)
        return .json(.created, headers: [.location: context.baseURL + path]) {
            TaskDocument.write(task, whole: true, to: &$0)
        }
    }

    @Sendable private func show(_ request: Request, _ context: APIContext) async throws -> Response {
        try await service.authorize(context.caller)
        let task = try await service.task(context.pathParameters["task_id"], for: context.caller)
        return .json { TaskDocument.write(task, whole: true, to: &$0) }
    }

    /// Tasks go by themselves when their time has come.
    @Sendable private func delete(_ request: Request, _ context: APIContext) async throws -> Response {
        try await service.authorize(context.caller)
        throw APIError(.methodNotAllowed, headers: [.allow: "GET"])
    }

    @Sendable private func listOfImage(_ request: Request, _ context: APIContext) async throws -> Response {
        let tasks = try await service.tasks(ofImage: context.pathParameters["image_id"], for: context.caller)
        return .json(capacity: 64 + tasks.count * 768) { writer in
            writer.object { writer in
                writer.field("tasks") { writer in
                    writer.array { writer in
                        for task in tasks { TaskDocument.writeOfImage(task, to: &writer) }
                    }
                }
            }
        }
    }
}
