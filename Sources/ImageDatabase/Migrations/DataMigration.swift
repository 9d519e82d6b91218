/// Moves data from an old column or form to a new one, between the expand and the contract phase.
struct DataMigration: Sendable {
    /// Finds a row when something is left to do.
    var pending: String
    /// Each changes a part of the rows.
    var updates: [String]
    /// A column without which there is nothing to migrate.
    var needsColumn: (table: String, column: String)?

    static let all = [
        // Ocata: `visibility` takes the place of `is_public`; a private image with members is shared.
        DataMigration(
            pending: """
                SELECT 1 FROM images WHERE visibility IS NULL OR (visibility = 'private' AND \(hasMembers)) LIMIT 1
                """,
            updates: [
                "UPDATE images SET visibility = 'public' WHERE visibility IS NULL AND is_public",
                "UPDATE images SET visibility = 'shared' WHERE \(hasMembers) AND (visibility = 'private' OR "
                    + "(visibility IS NULL AND NOT is_public))",
                "UPDATE images SET visibility = 'private' WHERE visibility IS NULL",
            ],
            needsColumn: ("images", "is_public")),
        // Train: locations name their store by `store`, no longer by `backend`.
        DataMigration(
            pending: "SELECT 1 FROM image_locations WHERE meta_data LIKE '%\"backend\":%' LIMIT 1",
            updates: [
                """
                UPDATE image_locations SET meta_data = REPLACE(meta_data, '"backend":', '"store":') \
                WHERE meta_data LIKE '%"backend":%'
                """
            ]),
    ]

    private static let hasMembers =
        "EXISTS (SELECT 1 FROM image_members m WHERE m.image_id = images.id AND NOT m.deleted)"

    func isPending(_ session: DatabaseSession) async throws(DatabaseError) -> Bool {
        if let (table, column) = needsColumn {
            guard try await session.hasColumn(column, inTable: table) else { return false }
        }
        return try await session.read(Statement(pending))[0].count > 0
    }

    /// Returns the number of rows changed.
    func run(_ session: DatabaseSession) async throws(DatabaseError) -> Int {
        try await session.write(updates.map { Statement($0) }).reduce(0) { $0 + $1.affected }
    }
}

extension DatabaseSession {
    func hasColumn(_ column: String, inTable table: String) async throws(DatabaseError) -> Bool {
        try await read(Statement(dialect.schema.findColumn, [.text(table), .text(column)]))[0].count > 0
    }
}
