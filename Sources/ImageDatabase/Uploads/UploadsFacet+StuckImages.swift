public import ImageModel
public import TextCoding

// Images that stay in the middle of an upload or import that nobody carries on.
extension UploadsFacet {
    private static let stuckStates = "('saving', 'uploading', 'importing')"

    /// What an image must not have lived through since `$1` to be stuck: it has no upload record and no import of ours, and neither its row nor
    /// the task that imports it has changed.
    private static let stuckCondition = """
        NOT i.deleted AND i.updated_at < $1 AND i.status IN \(stuckStates) \
        AND NOT EXISTS (SELECT 1 FROM glance_uploads u WHERE u.image_id = i.id) \
        AND NOT EXISTS (SELECT 1 FROM glance_imports j WHERE j.image_id = i.id) \
        AND NOT EXISTS (SELECT 1 FROM image_properties p JOIN tasks t ON t.id = p.value WHERE p.image_id = i.id \
        AND p.name = 'os_glance_import_task' AND NOT p.deleted AND NOT t.deleted AND t.updated_at >= $1)
        """

    /// Images that have been in the middle of an upload or import since before `time`, without a record of ours.
    public func stuckImages(since time: Timestamp, limit: Int) async throws(DatabaseError) -> [StuckImage] {
        let rows = try await session.read(
            Statement(
                """
                SELECT i.id, i.status, i.updated_at, i.size FROM images i WHERE \(Self.stuckCondition) \
                ORDER BY i.updated_at LIMIT $2
                """, [.time(time), .integer(limit)]))[0]
        var images: [StuckImage] = []
        for index in 0..<rows.count {
            let row = rows[index]
            images.append(
                StuckImage(
                    id: try row.required(row.text(0), 0),
                    status: try row.required(row.text(1).flatMap(ImageStatus.init), 1),
                    updatedAt: try row.required(row.time(2), 2), size: try row.integer(3)))
        }
        return images
    }

    /// Records a stuck image's upload as ours and abandoned, so that nobody else cleans up and no upload of ours begins
    /// meanwhile.
    ///
    /// - Returns: the locations that the image has, or nil when it is not stuck any more.
    public func adopt(
        _ image: StuckImage, as upload: UploadRecord, since time: Timestamp
    ) async throws(DatabaseError) -> [ImageLocation]? {
        let results: [Rows]
        do {
            results = try await session.write([
                // Of those who find the image stuck, one comes first.
                Statement(
                    "SELECT id FROM images WHERE id = $1", [.text(image.id)], required: .conflict, locksRows: true),
                Statement(
                    """
                    INSERT INTO glance_uploads (image_id, upload_id, store_id, host, pid, start_time, renewed_at, \
                    abandoned_at) SELECT i.id, $2, $3, $4, $5, $6, $7, $7 FROM images i \
                    WHERE i.id = $8 AND i.updated_at = $9 AND \(Self.stuckCondition)
                    """,
                    [.time(time), .text(upload.uploadID), .text(upload.storeID)] + upload.lease.values
                        + [.text(image.id), .time(image.updatedAt)], required: .conflict),
                Statement(
                    "SELECT id, value, meta_data FROM image_locations WHERE image_id = $1 AND NOT deleted ORDER BY id",
                    [.text(image.id)]),
            ])
        } catch .conflict {
            return nil
        }
        var locations: [ImageLocation] = []
        for index in 0..<results[2].count {
            locations.append(try session.locationRows.location(results[2][index], status: .pendingDelete))
        }
        return locations
    }

    /// Puts an adopted image back to `queued` without data, ends its import and forgets the record, in one transaction.
    /// The bytes must be gone before.
    public func requeue(_ upload: UploadRecord, because message: String) async throws(DatabaseError) {
        let (id, now) = (SQLValue.text(upload.imageID), SQLValue.time(.now))
        do {
            try await session.write([
                Self.forget(upload, ifAbandoned: true),
                Statement(
                    """
                    UPDATE images SET status = 'queued', size = NULL, virtual_size = NULL, checksum = NULL, \
                    os_hash_algo = NULL, os_hash_value = NULL, updated_at = $1 \
                    WHERE id = $2 AND status IN \(Self.stuckStates) AND NOT deleted
                    """, [now, id], required: .conflict),
                Statement(
                    """
                    UPDATE image_locations SET status = 'deleted', deleted = true, deleted_at = $1, updated_at = $1 \
                    WHERE image_id = $2 AND NOT deleted
                    """, [now, id]),
                Statement(
                    """
                    UPDATE tasks SET status = 'failure', updated_at = $1 WHERE status IN ('pending', 'processing') \
                    AND id IN (SELECT value FROM image_properties \
                    WHERE image_id = $2 AND name = 'os_glance_import_task' AND NOT deleted)
                    """, [now, id]),
                Statement(
                    """
                    UPDATE task_info SET message = $1 WHERE task_id IN (SELECT value FROM image_properties \
                    WHERE image_id = $2 AND name = 'os_glance_import_task' AND NOT deleted)
                    """, [.text(message), id]),
                Statement(
                    """
                    UPDATE image_properties SET value = '', updated_at = $1 \
                    WHERE image_id = $2 AND name = 'os_glance_importing_to_stores' AND NOT deleted
                    """, [now, id]),
                Statement(
                    """
                    UPDATE image_properties SET deleted = true, deleted_at = $1, updated_at = $1 WHERE image_id = $2 \
                    AND name IN ('os_glance_import_task', 'os_glance_stage_host') AND NOT deleted
                    """, [now, id]),
            ])
        } catch .conflict {
            // Somebody was faster, or the image was deleted: only the record is left.
            try await abort(upload)
        }
    }

    /// Which of some images need what is staged for them: all that are live and in the middle of an import, or whose data
    /// are being copied to another store, and others that have changed since `time`.
    public func imagesNeedingStagedData(
        among ids: [String], changedSince time: Timestamp
    ) async throws(DatabaseError) -> Set<String> {
        guard !ids.isEmpty else { return [] }
        var query = StatementBuilder()
        query.append("SELECT i.id FROM images i WHERE NOT i.deleted")
        query.append(" AND (i.status IN \(Self.stuckStates) OR i.updated_at >= \(query.bind(.time(time)))")
        query.append(" OR EXISTS (SELECT 1 FROM image_properties p WHERE p.image_id = i.id AND NOT p.deleted")
        query.append(" AND p.name = 'os_glance_import_task'))")
        query.append(" AND i.id IN (\(ids.map { query.bind(.text($0)) }.joined(separator: ", ")))")
        return Set(try await session.read(query.statement)[0].firstColumn())
    }
}
