public import ImageModel

// Locations whose rows are deleted but whose data may still be there.
extension ImageDatabase {
    /// Says that a location's data are gone.
    ///
    /// - Parameter id: row id of a location that is `pending_delete`; others stay as they are.
    public func markLocationDeleted(_ id: Int64) async throws(DatabaseError) {
        try await write([
            Statement(
                """
                UPDATE image_locations SET status = 'deleted', updated_at = $1 \
                WHERE id = $2 AND deleted AND status = 'pending_delete'
                """, [.time(.now), .integer(id)])
        ])
    }

    /// Locations that nobody removes any more: those of deleted images, and those taken from live ones, that have been
    /// `pending_delete` since before `time`. Images that are `pending_delete` themselves are the scrubber's.
    ///
    /// A location whose URL a live location has too is never among them.
    public func locationsAwaitingDeletion(
        since time: Timestamp, limit: Int
    ) async throws(DatabaseError) -> [(imageID: String, location: ImageLocation)] {
        let rows = try await read(
            Statement(
                """
                SELECT l.image_id, l.id, l.value, l.meta_data FROM image_locations l \
                JOIN images i ON i.id = l.image_id AND i.status <> 'pending_delete' \
                WHERE l.deleted AND l.status = 'pending_delete' AND l.deleted_at < $1 AND NOT EXISTS \
                (SELECT 1 FROM image_locations live WHERE NOT live.deleted AND live.value = l.value) \
                ORDER BY l.id LIMIT $2
                """, [.time(time), .integer(limit)]))[0]
        var found: [(String, ImageLocation)] = []
        for index in 0..<rows.count {
            let row = rows[index]
            found.append(
                (
                    try row.required(row.text(0), 0),
                    ImageLocation(
                        id: try row.integer(1), url: try row.required(row.text(2), 2),
                        metadata: try ImageRows.metadata(row, 3), status: .pendingDelete)
                ))
        }
        return found
    }
}
