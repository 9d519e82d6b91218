public import ImageModel
import TextCoding

/// The projects that an image is shared with.
public struct MembersFacet: Sendable {
    let session: DatabaseSession

    /// Adds a member with status `pending`.
    ///
    /// - Throws: ``DatabaseError/duplicate`` when the project is a member already, ``DatabaseError/limitReached`` when the
    ///   image has `limit` members (negative: no limit); the image is locked from the count to the insert.
    ///   ``DatabaseError/notFound`` when there is no such image.
    public func add(_ project: String, toImage id: String, limit: Int) async throws(DatabaseError) -> ImageMember {
        let member = ImageMember(imageID: id, project: project)
        let results = try await session.write([
            Statement(
                "SELECT id FROM images WHERE id = $1 AND NOT deleted", [.text(id)], required: .notFound,
                locksRows: true),
            Statement(
                """
                SELECT COUNT(*), COUNT(CASE WHEN member = $2 THEN 1 END) FROM image_members \
                WHERE image_id = $1 AND NOT deleted
                """, [.text(id), .text(project)]),
            Statement(
                """
                INSERT INTO image_members (image_id, member, can_share, status, created_at, updated_at, deleted) \
                SELECT id, $2, false, 'pending', $3, $3, false FROM images WHERE id = $1 AND NOT EXISTS \
                (SELECT 1 FROM image_members m WHERE m.image_id = $1 AND m.member = $2 AND NOT m.deleted) AND \
                ($4 < 0 OR (SELECT COUNT(*) FROM image_members m WHERE m.image_id = $1 AND NOT m.deleted) < $4)
                """, [.text(id), .text(project), .time(member.createdAt), .integer(limit)]),
        ])
        if results[2].affected > 0 { return member }
        throw try results[1][0].integer(1) == 0 ? .limitReached : .duplicate
    }

    /// Stores a member's answer. Nil when the project is not a member.
    public func update(
        _ project: String, ofImage id: String, status: ImageMember.Status
    ) async throws(DatabaseError) -> ImageMember? {
        let now = Timestamp.now
        let results = try await session.write([
            Statement(
                """
                UPDATE image_members SET status = $1, updated_at = $2 WHERE image_id = $3 AND member = $4 AND NOT deleted
                """, [.text(status.rawValue), .time(now), .text(id), .text(project)]),
            Statement(
                "SELECT created_at FROM image_members WHERE image_id = $1 AND member = $2 AND NOT deleted",
                [.text(id), .text(project)]),
        ])
        guard results[0].affected > 0, results[1].count > 0 else { return nil }
        let created = try results[1][0].time(0) ?? now
        return ImageMember(imageID: id, project: project, status: status, createdAt: created, updatedAt: now)
    }

    /// Soft-deletes a member. False when the project is not a member.
    public func remove(_ project: String, fromImage id: String) async throws(DatabaseError) -> Bool {
        let results = try await session.write([
            Statement(
                """
                UPDATE image_members SET deleted = true, deleted_at = $1, updated_at = $1 \
                WHERE image_id = $2 AND member = $3 AND NOT deleted
                """, [.time(.now), .text(id), .text(project)])
        ])
        return results[0].affected > 0
    }
}
