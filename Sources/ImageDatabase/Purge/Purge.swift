public import TextCoding

/// Removes rows for good that were soft-deleted long ago: `glance-manage db purge` and `db purge_images_table`.
///
/// Nothing is removed that the scrubber still needs: no location row `pending_delete`, and nothing of an image that is
/// `pending_delete` and may still be scrubbed or restored. A row that is live again is never removed, whatever time
/// stands in its `deleted_at`.
public struct Purge: Sendable {
    /// Rows removed from one table.
    public struct Count: Sendable, Equatable {
        public var table: String
        public var rows: Int
    }

    private let session: DatabaseSession
    private let deletedBefore: Timestamp
    private let limit: String

    /// - Parameter limit: rows at most of each table; nil for all.
    public init(_ database: ImageDatabase, deletedBefore: Timestamp, limit: Int?) {
        session = database.session
        self.deletedBefore = deletedBefore
        self.limit = limit.map { " LIMIT \(max(0, $0))" } ?? ""
    }

    private static let children = ["image_properties", "image_tags", "image_locations", "image_members"]

    /// Purges everything but images, whose ids stay reserved (OSSN-0075).
    public func run() async throws(DatabaseError) -> [Count] {
        var counts = [
            try await delete(
                "task_info", key: "task_id",
                """
                SELECT c.task_id FROM task_info c JOIN tasks t ON t.id = c.task_id \
                WHERE t.deleted AND t.deleted_at < $1 ORDER BY t.deleted_at
                """)
        ]
        for table in Self.children {
            let notPending = table == "image_locations" ? " AND c.status <> 'pending_delete'" : ""
            counts.append(
                try await delete(
                    table,
                    """
                    SELECT c.id FROM \(table) c WHERE c.deleted AND c.deleted_at < $1\(notPending) AND NOT EXISTS \
                    (SELECT 1 FROM images i WHERE i.id = c.image_id AND i.status = 'pending_delete') \
                    ORDER BY c.deleted_at
                    """))
        }
        counts.append(
            try await delete(
                "tasks",
                """
                SELECT c.id FROM tasks c WHERE c.deleted AND c.deleted_at < $1 AND NOT EXISTS \
                (SELECT 1 FROM task_info i WHERE i.task_id = c.id) ORDER BY c.deleted_at
                """))
        return counts
    }

    /// Purges images of which nothing is left in other tables.
    ///
    /// - Returns: the rows removed, and how many images are old enough but still have rows elsewhere.
    public func runOnImages() async throws(DatabaseError) -> (removed: Count, kept: Int) {
        let isFree = (Self.children + ["glance_uploads"])
            .map { "NOT EXISTS (SELECT 1 FROM \($0) r WHERE r.image_id = c.id)" }.joined(separator: " AND ")
        let old = "c.deleted AND c.status = 'deleted' AND c.deleted_at < $1"
        let removed = try await delete(
            "images", "SELECT c.id FROM images c WHERE \(old) AND \(isFree) ORDER BY c.deleted_at")
        let kept = try await session.read(
            Statement("SELECT COUNT(*) FROM images c WHERE \(old) AND NOT (\(isFree))", [.time(deletedBefore)]))
        return (removed, Int(clamping: try kept[0][0].integer(0) ?? 0))
    }

    private func delete(
        _ table: String, key: String = "id", _ selection: String
    ) async throws(DatabaseError) -> Count {
        let results = try await session.write([
            Statement(
                "DELETE FROM \(table) WHERE \(key) IN \(session.dialect.ofChangedTable(selection + limit))",
                [.time(deletedBefore)])
        ])
        return Count(table: table, rows: results[0].affected)
    }
}
