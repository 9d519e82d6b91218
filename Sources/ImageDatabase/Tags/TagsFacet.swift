import ImageModel

/// Single tags of images.
public struct TagsFacet: Sendable {
    let session: DatabaseSession

    /// Adds one tag; nothing happens when the image has it.
    ///
    /// - Throws: ``DatabaseError/notFound`` when there is no such image.
    public func add(_ tag: String, toImage id: String) async throws(DatabaseError) {
        let now = Timestamp.now
        let results = try await session.write([
            // Also locks the image, so that two calls cannot both find the tag missing.
            Statement(
                """
                UPDATE images SET updated_at = $1 WHERE id = $2 AND NOT deleted AND NOT EXISTS \
                (SELECT 1 FROM image_tags t WHERE t.image_id = $2 AND t.value = $3 AND NOT t.deleted)
                """, [.time(now), .text(id), .text(tag)]),
            Statement(
                """
                INSERT INTO image_tags (image_id, value, created_at, updated_at, deleted) \
                SELECT id, $2, $3, $3, false FROM images WHERE id = $1 AND NOT deleted AND NOT EXISTS \
                (SELECT 1 FROM image_tags t WHERE t.image_id = $1 AND t.value = $2 AND NOT t.deleted)
                """, [.text(id), .text(tag), .time(now)]),
        ])
        if results[0].affected == 0, try await !session.isLive(id) { throw .notFound }
    }

    /// Removes one tag. False when the image has no such tag.
    public func remove(_ tag: String, fromImage id: String) async throws(DatabaseError) -> Bool {
        let now = Timestamp.now
        let results = try await session.write([
            Statement(
                """
                UPDATE images SET updated_at = $1 WHERE id = $2 AND NOT deleted AND EXISTS \
                (SELECT 1 FROM image_tags t WHERE t.image_id = $2 AND t.value = $3 AND NOT t.deleted)
                """, [.time(now), .text(id), .text(tag)]),
            ImageWrites.removeTag(id, tag, at: now),
        ])
        return results[1].affected > 0
    }
}
