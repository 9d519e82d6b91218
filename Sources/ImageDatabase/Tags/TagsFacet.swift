import TextCoding

/// Single tags of images.
public struct TagsFacet: Sendable {
    let session: DatabaseSession

    /// Adds one tag; nothing happens when the image has it.
    ///
    /// - Throws: ``DatabaseError/notFound`` when there is no such image, ``DatabaseError/tooManyTags`` when it would have
    ///   more than `limits` allow; the image is locked from the count to the insert.
    public func add(_ tag: String, toImage id: String, limits: ImageLimits = .none) async throws(DatabaseError) {
        let now = Timestamp.now
        let isWanted = """
            NOT EXISTS (SELECT 1 FROM image_tags t WHERE t.image_id = $1 AND \(isSame("$2")) AND NOT t.deleted) AND \
            ($4 < 0 OR (SELECT COUNT(*) FROM image_tags t WHERE t.image_id = $1 AND NOT t.deleted) < $4)
            """
        let values: [SQLValue] = [.text(id), .text(tag), .time(now), .integer(limits.tags ?? -1)]
        let results = try await session.write([
            Statement(
                "SELECT id FROM images WHERE id = $1 AND NOT deleted", [.text(id)], required: .notFound,
                locksRows: true),
            Statement("UPDATE images SET updated_at = $3 WHERE id = $1 AND \(isWanted)", values),
            Statement(
                """
                INSERT INTO image_tags (image_id, value, created_at, updated_at, deleted) \
                SELECT id, $2, $3, $3, false FROM images WHERE id = $1 AND \(isWanted)
                """, values),
            Statement(
                "SELECT 1 FROM image_tags t WHERE image_id = $1 AND \(isSame("$2")) AND NOT deleted",
                [.text(id), .text(tag)]),
        ])
        if results[3].count == 0 { throw .tooManyTags }
    }

    /// Removes one tag. False when the image has no such tag.
    public func remove(_ tag: String, fromImage id: String) async throws(DatabaseError) -> Bool {
        let now = Timestamp.now
        let results = try await session.write([
            Statement(
                """
                UPDATE images SET updated_at = $1 WHERE id = $2 AND NOT deleted AND EXISTS \
                (SELECT 1 FROM image_tags t WHERE t.image_id = $2 AND \(isSame("$3")) AND NOT t.deleted)
                """, [.time(now), .text(id), .text(tag)]),
            ImageWrites.removeTag(id, tag, at: now, session.dialect),
        ])
        return results[1].affected > 0
    }

    private func isSame(_ tag: String) -> String { session.dialect.isSame("t.value", tag) }
}
