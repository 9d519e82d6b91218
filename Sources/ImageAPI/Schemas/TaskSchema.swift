import ImageModel

/// The schemas of tasks (Images API v2, "Task Schemas").
enum TaskSchema {
    /// `GET /v2/schemas/task`
    static let document = SchemaDocument.item("task", properties, additional: nil)

    /// `GET /v2/schemas/tasks`: lists leave out what can be large.
    static let collection = SchemaDocument.collection(
        "tasks",
        of: SchemaDocument.item(
            "task", properties.filter { !["input", "result", "message"].contains($0.key) }, additional: nil),
        paged: false)

    private static let properties: SchemaDocument.Members = [
        "id": SchemaDocument.property("string", "UUID of the task", ["pattern": SchemaDocument.uuidPattern]),
        "type": SchemaDocument.property(
            "string", "What the task does", ["enum": ["import", "api_image_import", "location_import"]]),
        "status": SchemaDocument.property(
            "string", "How far the task has come", ["enum": ["pending", "processing", "success", "failure"]]),
        "input": SchemaDocument.property(["null", "object"], "What the task was asked to do"),
        "result": SchemaDocument.property(["null", "object"], "What came of the task"),
        "owner": SchemaDocument.property("string", "Project that the task belongs to"),
        "message": SchemaDocument.property("string", "A text for people, mostly about a failure"),
        "image_id": SchemaDocument.property("string", "UUID of the image that the task works on"),
        "request_id": SchemaDocument.property("string", "Id of the request that made the task"),
        "user_id": SchemaDocument.property("string", "User who made the task"),
        "expires_at": SchemaDocument.property(
            SchemaDocument.nullableString, "When the finished task may be removed"),
        "created_at": SchemaDocument.property("string", "When the task was made"),
        "updated_at": SchemaDocument.property("string", "When the task last changed"),
        "self": SchemaDocument.property("string", readOnly: true),
        "schema": SchemaDocument.property("string", readOnly: true),
    ]
}
