public import ImageModel
public import TextCoding

/// Where images' data are, and locations whose rows are deleted but whose data may still be there.
public struct LocationsFacet: Sendable {
    let session: DatabaseSession

    /// Says that a location's data are gone.
    ///
    /// - Parameter id: row id of a location that is `pending_delete`; others stay as they are.
    public func markDeleted(_ id: Int64) async throws(DatabaseError) {
        try await session.write([
            Statement(
                """
                UPDATE image_locations SET status = 'deleted', updated_at = $1 \
                WHERE id = $2 AND deleted AND status = 'pending_delete'
                """, [.time(.now), .integer(id)])
        ])
    }

    /// Gives up a location whose URL another row still needs: one of a live image, or one whose data are still to be
    /// removed, by whoever is the last to refer to them.
    ///
    /// All rows with the URL are locked while this looks, so that of two such rows one is always the last.
    /// - Returns: whether the location is `deleted` now and its data must stay. If not, it was the only one.
    public func giveUpShared(_ location: ImageLocation) async throws(DatabaseError) -> Bool {
        guard let id = location.id else { return false }
        let results = try await session.write(givingUp(id, location.url))
        return results[1].affected > 0
    }

    /// Locks all rows with a URL, then marks one of them if another still counts.
    func givingUp(_ id: Int64, _ url: String) -> [Statement] {
        let values = session.locationRows.values(of: url)
        func isOne(_ column: String, from first: Int) -> String {
            "\(column) IN (\(values.indices.map { "$\(first + $0)" }.joined(separator: ", ")))"
        }
        let others = session.dialect.ofChangedTable(
            """
            SELECT 1 FROM image_locations o WHERE \(isOne("o.value", from: 3)) AND o.id <> $2 \
            AND (NOT o.deleted OR o.status = 'pending_delete')
            """)
        return [
            Statement(
                "SELECT id FROM image_locations WHERE \(isOne("value", from: 1)) AND status <> 'deleted' ORDER BY id",
                values, locksRows: true),
            Statement(
                """
                UPDATE image_locations SET status = 'deleted', updated_at = $1 \
                WHERE id = $2 AND deleted AND status = 'pending_delete' AND EXISTS \(others)
                """, [.time(.now), .integer(id)] + values),
        ]
    }

    /// Locations of live images whose URL begins with one of `schemes` and with none of `prefixes`; not those whose URL is encrypted.
    ///
    /// - Parameter limit: rows to read at most.
    public func outside(
        _ prefixes: [String], schemes: [String], limit: Int
    ) async throws(DatabaseError) -> [ImageLocation] {
        var query = StatementBuilder()
        func begins(_ text: String) -> String {
            "substr(value, 1, \(text.unicodeScalars.count)) = \(query.bind(.text(text)))"
        }
        query.append("SELECT id, value, meta_data FROM image_locations WHERE NOT deleted")
        query.append(" AND (\(schemes.map { begins("\($0):") }.joined(separator: " OR ")))")
        for prefix in prefixes { query.append(" AND NOT \(begins(prefix))") }
        query.append(" LIMIT \(query.bind(.integer(limit)))")
        let rows = try await session.read(query.statement)[0]
        var found: [ImageLocation] = []
        for index in 0..<rows.count {
            found.append(try session.locationRows.location(rows[index]))
        }
        return found
    }

    /// Locations that nobody removes any more: those of deleted images, and those taken from live ones, that have been
    /// `pending_delete` since before `time`. Images that are `pending_delete` themselves are the scrubber's; those that
    /// Glance's own tool has restored without their locations wait for somebody to restore them whole
    /// (``ScrubsFacet/claimRestore(of:by:)``).
    ///
    /// - Parameter after: row id of the last location of the page before.
    public func awaitingDeletion(
        since time: Timestamp, after: Int64 = 0, limit: Int
    ) async throws(DatabaseError) -> [(imageID: String, location: ImageLocation)] {
        let rows = try await session.read(
            Statement(
                """
                SELECT l.image_id, l.id, l.value, l.meta_data FROM image_locations l \
                JOIN images i ON i.id = l.image_id AND i.status <> 'pending_delete' \
                AND (i.deleted OR i.deleted_at IS NULL) \
                WHERE l.deleted AND l.status = 'pending_delete' AND l.deleted_at < $1 AND l.id > $2 \
                ORDER BY l.id LIMIT $3
                """, [.time(time), .integer(after), .integer(limit)]))[0]
        var found: [(String, ImageLocation)] = []
        for index in 0..<rows.count {
            let row = rows[index]
            found.append(
                (
                    try row.required(row.text(0), 0),
                    try session.locationRows.location(row, from: 1, status: .pendingDelete)
                ))
        }
        return found
    }
}
