public import ImageModel
public import Processes
import TextCoding

/// Running uploads and the records of them (table `glance_uploads`, ours).
public struct UploadsFacet: Sendable {
    let session: DatabaseSession

    /// Moves an image from `queued` to `saving` and records who uploads, in one transaction.
    ///
    /// The record (table `glance_uploads`, ours) is what makes a crash visible: see ``all(of:)``. What the upload claims
    /// of its project's limits stands in it, and goes with it.
    ///
    /// - Parameter claim: nil where no limits apply.
    /// - Returns: bytes claimed, when there is a claim.
    /// - Throws: ``DatabaseError/conflict`` when the image is not `queued`, or when the record of an upload that died
    ///   is still to be cleaned up; ``DatabaseError/notFound``; ``DatabaseError/limitReached``,
    ///   ``DatabaseError/limitsUnknown``.
    @discardableResult
    public func begin(
        _ upload: UploadRecord, claim: UploadClaim? = nil
    ) async throws(DatabaseError) -> Int64? {
        let limits = LimitStatements(session.dialect)
        var statements: [Statement] = []
        var known: Int64 = 0
        if let claim {
            var amounts: [LimitedResource: Int64] = [.imageCountUploading: 1]
            if case .known(let size) = claim.size {
                known = size
                amounts[.imageSizeTotal] = size
            }
            statements += limits.lock(claim.projectID)
            statements += limits.check(LimitClaim(projectID: claim.projectID, amounts: amounts))
        }
        statements.append(
            Statement(
                """
                UPDATE images SET status = 'saving', updated_at = $1 \
                WHERE id = $2 AND status = 'queued' AND NOT deleted \
                \(Self.hasNoRecord)
                """, [.time(.now), .text(upload.imageID)], required: .conflict))
        statements.append(Self.remember(upload, claim, known))
        if let claim, case .unknown(let step) = claim.size {
            statements += limits.extend(upload, claim.projectID, by: step)
        }
        let results = try await session.writeChange(ofImage: upload.imageID, statements)
        guard let claim else { return nil }
        if case .known(let size) = claim.size { return size }
        return try LimitsFacet.claimed(results).bytes
    }

    /// A condition: nobody is writing the image, and nothing that died is still to be cleaned up.
    private static let hasNoRecord =
        "AND NOT EXISTS (SELECT 1 FROM glance_uploads u WHERE u.image_id = images.id)"

    private static func remember(_ upload: UploadRecord, _ claim: UploadClaim?, _ bytes: Int64) -> Statement {
        var row = upload.row + [("store_id", .text(upload.storeID))]
        if let claim { row += [("project_id", .text(claim.projectID)), ("claimed_bytes", .integer(bytes))] }
        return LeaseTable.uploads.insert(row, upload.lease)
    }

    /// Moves an image from `saving` to `active` with its location, size and hashes, and forgets the upload record,
    /// in one transaction.
    ///
    /// - Throws: ``DatabaseError/conflict`` or ``DatabaseError/notFound`` when the image was deleted meanwhile or the
    ///   upload was abandoned: nothing is written, and the caller has to ``abandon(_:)`` it.
    public func finish(
        _ upload: UploadRecord, location: ImageLocation, size: Int64, virtualSize: Int64?, checksum: String?,
        hashAlgorithm: String?, hashValue: String?
    ) async throws(DatabaseError) {
        let now = Timestamp.now
        try await session.writeChange(
            ofImage: upload.imageID,
            [
                Self.forget(upload, ifAbandoned: false),
                Statement(
                    """
                    UPDATE images SET status = 'active', size = $1, virtual_size = $2, checksum = $3, os_hash_algo = $4, \
                    os_hash_value = $5, updated_at = $6 WHERE id = $7 AND status = 'saving' AND NOT deleted
                    """,
                    [
                        .integer(size), .integer(virtualSize), .text(checksum), .text(hashAlgorithm), .text(hashValue),
                        .time(now), .text(upload.imageID),
                    ], required: .conflict),
                session.locationRows.insert(upload.imageID, location, at: now),
            ])
    }

    /// Moves an image from `queued` to `uploading` and records who stages its data, in one transaction.
    ///
    /// - Parameter claim: what must be within the limits of the project; nil where there are none.
    /// - Throws: as ``begin(_:claim:)``.
    public func beginStaging(_ upload: UploadRecord, claim: LimitClaim? = nil) async throws(DatabaseError) {
        let limits = LimitStatements(session.dialect)
        var statements = claim.map { limits.lock($0.projectID) + limits.check($0) } ?? []
        statements.append(
            Statement(
                """
                UPDATE images SET status = 'uploading', updated_at = $1 \
                WHERE id = $2 AND status = 'queued' AND NOT deleted \
                \(Self.hasNoRecord)
                """, [.time(.now), .text(upload.imageID)], required: .conflict))
        statements.append(Self.remember(upload, nil, 0))
        try await session.writeChange(ofImage: upload.imageID, statements)
    }

    /// Records that the image's data are staged and wait for their import. Forgets the record.
    ///
    /// - Parameters:
    ///   - host: URL of the node that has them; nil where every node sees the same staging area.
    /// - Throws: as ``finish(_:location:size:virtualSize:checksum:hashAlgorithm:hashValue:)``.
    public func finishStaging(_ upload: UploadRecord, size: Int64, host: String?) async throws(DatabaseError) {
        let now = Timestamp.now
        var statements = [
            Self.forget(upload, ifAbandoned: false),
            Statement(
                "UPDATE images SET size = $1, updated_at = $2 WHERE id = $3 AND status = 'uploading' AND NOT deleted",
                [.integer(size), .time(now), .text(upload.imageID)], required: .conflict),
        ]
        if let host {
            statements.append(
                ImageWrites.setProperty(upload.imageID, ImportProperty.stageHost, host, at: now, session.dialect))
        }
        try await session.writeChange(ofImage: upload.imageID, statements)
    }

    /// Declares an upload failed: from now on it cannot be finished, and the caller, if the record is still its own, is the
    /// one who may remove the bytes. It calls ``abort(_:)`` when they are gone; if it dies before, the record is
    /// there for the sweep.
    ///
    /// - Returns: whether the record was there and this process's. If not, the upload has been finished, or somebody else
    ///   has taken it over: nothing may be removed.
    public func abandon(_ upload: UploadRecord) async throws(DatabaseError) -> Bool {
        let now = Timestamp.now
        let results = try await session.write([
            LeaseTable.uploads.renew(upload.row, by: upload.process, at: now, setting: [("abandoned_at", .time(now))])
        ])
        return results[0].affected > 0
    }

    /// Moves an image from `saving`, or from `uploading` where the upload goes to the staging area, back to `queued` without size, hashes or locations and forgets the upload record,
    /// in one transaction. The upload must have been abandoned, and the bytes be gone.
    ///
    /// The record goes too when the image was deleted meanwhile. Nothing happens when the record is another process's
    /// by now: see ``takeOver(_:by:)``.
    public func abort(_ upload: UploadRecord) async throws(DatabaseError) {
        let now = Timestamp.now
        do {
            try await session.write([
                Self.forget(upload, ifAbandoned: true),
                Statement(
                    """
                    UPDATE images SET status = 'queued', size = NULL, virtual_size = NULL, checksum = NULL, \
                    os_hash_algo = NULL, os_hash_value = NULL, updated_at = $1 \
                    WHERE id = $2 AND status IN ('saving', 'uploading') AND NOT deleted
                    """, [.time(now), .text(upload.imageID)]),
                Statement(
                    """
                    UPDATE image_locations SET status = 'deleted', deleted = true, deleted_at = $1, updated_at = $1 \
                    WHERE image_id = $2 AND NOT deleted AND EXISTS \
                    (SELECT 1 FROM images i WHERE i.id = $2 AND i.status = 'queued')
                    """, [.time(now), .text(upload.imageID)]),
            ])
        } catch .conflict {
            return
        }
    }

    /// Says that this process still works on its uploads: one statement for all of them.
    public func renew(of process: ProcessIdentity) async throws(DatabaseError) {
        try await session.write([LeaseTable.uploads.renew(by: process)])
    }

    /// All upload records, for the sweep that looks for dead ones; or those of one process only.
    public func all(of process: ProcessIdentity? = nil) async throws(DatabaseError) -> [UploadRecord] {
        var query = StatementBuilder()
        query.append("SELECT image_id, upload_id, store_id, host, pid, start_time, renewed_at FROM glance_uploads")
        if let process { query.append(" WHERE \(LeaseTable.isOwn(process, &query))") }
        query.append(" ORDER BY renewed_at, image_id")
        let rows = try await session.read(query.statement)[0]
        var records: [UploadRecord] = []
        for index in 0..<rows.count {
            let row = rows[index]
            records.append(
                UploadRecord(
                    imageID: try row.required(row.text(0), 0), uploadID: try row.required(row.text(1), 1),
                    storeID: row.text(2), lease: try ProcessLease(row, from: 3)))
        }
        return records
    }

    /// Makes `process` the one that cleans up after a dead upload: ``abandon(_:)`` by somebody else. Nil when the
    /// upload came alive, ended, or another process was faster: of all that try, exactly one gets the record.
    public func takeOver(
        _ upload: UploadRecord, by process: ProcessIdentity
    ) async throws(DatabaseError) -> UploadRecord? {
        var taken = upload
        taken.lease = ProcessLease(process)
        let results = try await session.write([
            LeaseTable.uploads.takeOver(
                upload.row, from: upload.lease, to: taken.lease,
                setting: [("abandoned_at", .time(taken.lease.renewedAt))])
        ])
        return results[0].affected > 0 ? taken : nil
    }

    /// Removes an upload's record if it is still its process's, and abandoned or not.
    static func forget(_ upload: UploadRecord, ifAbandoned: Bool) -> Statement {
        LeaseTable.uploads.forget(
            upload.row, upload.lease, where: "abandoned_at IS \(ifAbandoned ? "NOT NULL" : "NULL")",
            required: .conflict)
    }
}
