/// Glance's tasks.
public struct TasksFacet: Sendable {
    let session: DatabaseSession

    /// Soft-deletes the tasks whose time has passed, as Glance does when it lists tasks. What they say goes when they are
    /// purged.
    ///
    /// - Returns: how many there were.
    public func expire() async throws(DatabaseError) -> Int {
        let results = try await session.write([
            Statement(
                "UPDATE tasks SET deleted = true, deleted_at = $1 WHERE NOT deleted AND expires_at <= $1",
                [.time(.now)])
        ])
        return results[0].affected
    }

    /// Writes a task on which nobody works yet.
    public func insert(_ task: ImageTask) async throws(DatabaseError) {
        try await session.write(task.insertion)
    }

    /// Nil when there is none, or it is another project's.
    ///
    /// - Parameter owner: nil finds those of all projects.
    public func find(_ id: String, owner: String?) async throws(DatabaseError) -> ImageTask? {
        var query = StatementBuilder()
        query.append("SELECT \(ImageTask.columns) FROM \(ImageTask.tables)")
        query.append(" WHERE t.id = \(query.bind(.text(id))) AND NOT t.deleted")
        if let owner { query.append(" AND t.owner = \(query.bind(.text(owner)))") }
        return try Self.tasks(try await session.read(query.statement)[0]).first
    }

    /// The tasks of an image, the newest first.
    public func ofImage(_ id: String) async throws(DatabaseError) -> [ImageTask] {
        let rows = try await session.read(
            Statement(
                """
                SELECT \(ImageTask.columns) FROM \(ImageTask.tables) WHERE t.image_id = $1 AND NOT t.deleted \
                ORDER BY t.created_at DESC, t.id DESC
                """, [.text(id)]))[0]
        return try Self.tasks(rows)
    }

    /// One page.
    ///
    /// - Throws: ``DatabaseError/markerNotFound``.
    public func list(_ query: TaskQuery) async throws(DatabaseError) -> [ImageTask] {
        var statement = StatementBuilder()
        statement.append("SELECT \(ImageTask.columns) FROM \(ImageTask.tables) WHERE NOT t.deleted")
        if let owner = query.owner { statement.append(" AND t.owner = \(statement.bind(.text(owner)))") }
        if let type = query.type { statement.append(" AND t.type = \(statement.bind(.text(type)))") }
        if let status = query.status { statement.append(" AND t.status = \(statement.bind(.text(status.rawValue)))") }
        // An unset time counts as the oldest, on every database.
        let key = query.sortKey == .expiresAt ? "COALESCE(t.expires_at, t.created_at)" : "t.\(query.sortKey.rawValue)"
        if let marker = query.marker {
            guard try await find(marker, owner: query.owner) != nil else { throw .markerNotFound }
            let id = statement.bind(.text(marker))
            let last = "(SELECT \(key), t.created_at, t.id FROM tasks t WHERE t.id = \(id))"
            statement.append(" AND (\(key), t.created_at, t.id) \(query.isAscending ? ">" : "<") \(last)")
        }
        let direction = query.isAscending ? "ASC" : "DESC"
        statement.append(" ORDER BY \(key) \(direction), t.created_at \(direction), t.id \(direction)")
        statement.append(" LIMIT \(statement.bind(.integer(query.limit)))")
        return try Self.tasks(try await session.read(statement.statement)[0])
    }

    private static func tasks(_ rows: Rows) throws(DatabaseError) -> [ImageTask] {
        var tasks: [ImageTask] = []
        for index in 0..<rows.count { tasks.append(try ImageTask(rows[index])) }
        return tasks
    }
}
