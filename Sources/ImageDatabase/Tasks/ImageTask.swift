public import JSON
public import TextCoding

/// A row of Glance's `tasks` with that of `task_info`.
public struct ImageTask: Sendable, Equatable {
    /// Source: Glance's task status machine.
    public enum Status: String, Sendable, CaseIterable {
        case pending, processing, success, failure
    }

    public var id: String
    /// `import` (made by the tasks API), `api_image_import` or `location_import`.
    public var type: String
    public var status: Status
    /// Project.
    public var owner: String
    public var expiresAt: Timestamp?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var imageID: String?
    public var requestID: String?
    public var userID: String?
    public var input: JSONValue?
    public var result: JSONValue?
    public var message: String

    public init(
        id: String, type: String, status: Status = .pending, owner: String, imageID: String? = nil,
        requestID: String? = nil, userID: String? = nil, input: JSONValue? = nil
    ) {
        self.id = id
        self.type = type
        self.status = status
        self.owner = owner
        self.imageID = imageID
        self.requestID = requestID
        self.userID = userID
        self.input = input
        createdAt = .now
        updatedAt = createdAt
        message = ""
    }

    /// Whether nothing more will happen to it.
    public var isFinished: Bool { status == .success || status == .failure }
}

extension ImageTask {
    /// The columns of ``init(_:)``, of the tables `t` (tasks) and `f` (task_info).
    static let columns = """
        t.id, t.type, t.status, t.owner, t.expires_at, t.created_at, t.updated_at, t.image_id, t.request_id, t.user_id, \
        f.input, f.result, f.message
        """
    static let tables = "tasks t LEFT JOIN task_info f ON f.task_id = t.id"

    init(_ row: Row) throws(DatabaseError) {
        id = try row.required(row.text(0), 0)
        type = try row.required(row.text(1), 1)
        status = try row.required(row.text(2).flatMap(Status.init), 2)
        owner = try row.required(row.text(3), 3)
        expiresAt = try row.time(4)
        createdAt = try row.required(row.time(5), 5)
        updatedAt = try row.time(6) ?? createdAt
        imageID = row.text(7)
        requestID = row.text(8)
        userID = row.text(9)
        // What cannot be read as JSON is not worth losing the list for.
        input = row.text(10).flatMap { try? JSONValue.parse($0.utf8) }
        result = row.text(11).flatMap { try? JSONValue.parse($0.utf8) }
        message = row.text(12) ?? ""
    }

    /// Both rows.
    var insertion: [Statement] {
        [
            Statement(
                """
                INSERT INTO tasks (id, type, status, owner, expires_at, created_at, updated_at, deleted, image_id, \
                request_id, user_id) VALUES ($1, $2, $3, $4, $5, $6, $7, false, $8, $9, $10)
                """,
                [
                    .text(id), .text(type), .text(status.rawValue), .text(owner), .time(expiresAt), .time(createdAt),
                    .time(updatedAt), .text(imageID), .text(requestID), .text(userID),
                ]),
            Statement(
                "INSERT INTO task_info (task_id, input, result, message) VALUES ($1, $2, $3, $4)",
                [
                    .text(id), .text(input.map(JSONWriter.text)), .text(result.map(JSONWriter.text)), .text(message),
                ]),
        ]
    }

    /// Ends a task that has not ended yet.
    ///
    /// - Parameter lifetime: seconds for which it can be looked at.
    static func ending(
        _ id: String, as status: Status, message: String, result: JSONValue?, at now: Timestamp, lifetime: Int64
    ) -> [Statement] {
        [
            Statement(
                """
                UPDATE tasks SET status = $1, updated_at = $2, expires_at = $3 \
                WHERE id = $4 AND status IN ('pending', 'processing')
                """,
                [.text(status.rawValue), .time(now), .time(now.advanced(bySeconds: lifetime)), .text(id)]),
            Statement(
                "UPDATE task_info SET message = $1, result = $2 WHERE task_id = $3",
                [.text(message), .text(result.map(JSONWriter.text)), .text(id)]),
        ]
    }
}
