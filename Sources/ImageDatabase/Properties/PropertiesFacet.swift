import ImageModel

/// Single properties of images that serve as locks.
public struct PropertiesFacet: Sendable {
    let session: DatabaseSession

    /// Sets a property that nobody else has set, atomically: how an import takes its lock (`os_glance_import_task`).
    ///
    /// - Throws: ``DatabaseError/duplicate`` when the image has the property, whatever its value.
    public func setOnce(_ name: String, to value: String, ofImage id: String) async throws(DatabaseError) {
        let now = SQLValue.time(.now)
        // A row that is there stays there, whether it is deleted or not: whoever changes it first keeps the others away.
        let results = try await session.write([
            Statement(
                """
                UPDATE image_properties SET value = $1, updated_at = $2, deleted = false, deleted_at = NULL \
                WHERE image_id = $3 AND name = $4 AND deleted
                """, [.text(value), now, .text(id), .text(name)]),
            Statement(
                session.dialect.insertIfAbsent(ImageWrites.insertionOfProperty),
                [.text(id), .text(name), .text(value), now]),
        ])
        if results[0].affected + results[1].affected == 0 { throw .duplicate }
    }

    /// Removes a property if it still has `value`: how an import gives its lock back. False when it has not.
    public func remove(
        _ name: String, withValue value: String, ofImage id: String
    ) async throws(DatabaseError) -> Bool {
        let results = try await session.write([
            Statement(
                """
                UPDATE image_properties SET deleted = true, deleted_at = $1, updated_at = $1 \
                WHERE image_id = $2 AND name = $3 AND \(session.dialect.isSame("value", "$4")) AND NOT deleted
                """, [.time(.now), .text(id), .text(name), .text(value)])
        ])
        return results[0].affected > 0
    }
}
