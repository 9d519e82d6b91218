import ImageModel
public import Processes
public import TextCoding

/// Images that are `pending_delete`, on their way to `deleted`, and the claims on them (table `glance_scrubs`, ours).
public struct ScrubsFacet: Sendable {
    let session: DatabaseSession

    /// One page of images that are `pending_delete` since before `time` and that nobody has claimed, in the order of
    /// their deletion.
    public func due(
        deletedBefore time: Timestamp, after marker: ScrubMarker?, limit: Int
    ) async throws(DatabaseError) -> [ScrubMarker] {
        var query = StatementBuilder()
        query.append("SELECT id, deleted_at FROM images i WHERE deleted AND status = 'pending_delete'")
        query.append(" AND deleted_at <= \(query.bind(.time(time)))")
        if let marker {
            let (at, id) = (query.bind(.time(marker.deletedAt)), query.bind(.text(marker.imageID)))
            query.append(" AND (deleted_at > \(at) OR (deleted_at = \(at) AND id > \(id)))")
        }
        query.append(" AND NOT EXISTS (SELECT 1 FROM glance_scrubs s WHERE s.image_id = i.id)")
        query.append(" ORDER BY deleted_at, id LIMIT \(query.bind(.integer(limit)))")
        let rows = try await session.read(query.statement)[0]
        var page: [ScrubMarker] = []
        for index in 0..<rows.count {
            let row = rows[index]
            page.append(
                ScrubMarker(
                    deletedAt: try row.required(row.time(1), 1), imageID: try row.required(row.text(0), 0)))
        }
        return page
    }

    /// Claims an image for scrubbing. Locations whose deletion was interrupted before they were marked become
    /// `pending_delete` too.
    ///
    /// - Returns: nil when somebody else has claimed it, or when it is not `pending_delete` since before `time` any more.
    public func claim(
        of id: String, deletedBefore time: Timestamp, by process: ProcessIdentity
    ) async throws(DatabaseError) -> ClaimedScrub? {
        let claim = ScrubClaim(imageID: id, process: process)
        let results: [Rows]
        do {
            results = try await session.write([
                insert(claim),
                // Only after the insertion, which may have waited for a claim to end: what that has done must be seen.
                Statement(
                    """
                    SELECT size FROM images WHERE id = $1 AND deleted AND status = 'pending_delete' AND deleted_at <= $2
                    """, [.text(id), .time(time)], required: .conflict, locksRows: true),
                Statement(
                    """
                    UPDATE image_locations SET status = 'pending_delete', deleted = true, deleted_at = $1, \
                    updated_at = $1 WHERE image_id = $2 AND NOT deleted
                    """, [.time(claim.lease.renewedAt), .text(id)]),
                Self.pendingLocations(of: id),
            ])
        } catch .conflict {
            return nil
        }
        var locations: [ImageLocation] = []
        for index in 0..<results[3].count {
            locations.append(try session.locationRows.location(results[3][index], status: .pendingDelete))
        }
        return ClaimedScrub(claim: claim, size: try results[1][0].integer(0), locations: locations)
    }

    /// Marks the locations whose data are gone, ends the claim and, if nothing is left, the image's life: one transaction.
    ///
    /// - Parameter isComplete: whether all locations that the claim had found are done.
    /// - Returns: whether the image is `deleted` now. It is not when the claim is somebody else's by now.
    public func finish(
        _ claim: ScrubClaim, removed: [Int64], isComplete: Bool
    ) async throws(DatabaseError) -> Bool {
        var statements: [Statement] = []
        if !removed.isEmpty {
            var marks = StatementBuilder()
            marks.append("UPDATE image_locations SET status = 'deleted', updated_at = \(marks.bind(.time(.now)))")
            let ids = removed.map { marks.bind(.integer($0)) }.joined(separator: ", ")
            marks.append(" WHERE id IN (\(ids)) AND deleted AND status = 'pending_delete'")
            statements.append(marks.statement)
        }
        statements.append(Self.remove(claim))
        if isComplete {
            statements.append(
                Statement(
                    """
                    UPDATE images SET status = 'deleted', updated_at = $1 \
                    WHERE id = $2 AND deleted AND status = 'pending_delete' AND NOT EXISTS \
                    (SELECT 1 FROM image_locations l WHERE l.image_id = $2 AND (NOT l.deleted OR l.status = 'pending_delete'))
                    """, [.time(.now), .text(claim.imageID)]))
        }
        let results = try await session.write(statements)
        return isComplete && results.last?.affected ?? 0 > 0
    }

    /// Ends a claim without any change.
    public func end(_ claim: ScrubClaim) async throws(DatabaseError) {
        try await session.write([Self.remove(claim)])
    }

    /// Says that this process still works on what it has claimed, and asks whether it still may.
    ///
    /// - Returns: whether the claim is still there and this process's.
    public func renew(_ claim: ScrubClaim) async throws(DatabaseError) -> Bool {
        let results = try await session.write([LeaseTable.scrubs.renew(claim.row, by: claim.process)])
        return results[0].affected > 0
    }

    /// Says that this process still works on what it has claimed: one statement for all.
    public func renew(of process: ProcessIdentity) async throws(DatabaseError) {
        try await session.write([LeaseTable.scrubs.renew(by: process)])
    }

    /// All claims, for the sweep that looks for those of dead processes.
    public func all() async throws(DatabaseError) -> [ScrubClaim] {
        let rows = try await session.read(
            Statement("SELECT image_id, host, pid, start_time, renewed_at FROM glance_scrubs ORDER BY renewed_at"))[0]
        var claims: [ScrubClaim] = []
        for index in 0..<rows.count { claims.append(try Self.claim(rows[index])) }
        return claims
    }

    /// Ends the claim of a process that is dead, unless it has been renewed: then it was not.
    public func endDead(_ claim: ScrubClaim) async throws(DatabaseError) {
        try await session.write([LeaseTable.scrubs.forgetDead(claim.row, claim.lease)])
    }

    /// Finishes deletions to `pending_delete` that were interrupted before the row said `deleted`, or when, as Glance's
    /// two separate steps can leave it.
    ///
    /// - Returns: how many there were.
    public func completeDeletions(untouchedSince time: Timestamp) async throws(DatabaseError) -> Int {
        let results = try await session.write([
            Statement(
                """
                UPDATE images SET deleted = true, deleted_at = COALESCE(deleted_at, updated_at) \
                WHERE status = 'pending_delete' AND (NOT deleted OR deleted_at IS NULL) AND updated_at < $1
                """, [.time(time)])
        ])
        return results[0].affected
    }

    // MARK: Statements

    /// Ends the transaction with ``DatabaseError/conflict`` when somebody has claimed the image.
    func insert(_ claim: ScrubClaim) -> Statement {
        LeaseTable.scrubs.claim(claim.row, claim.lease, key: ["image_id"], session.dialect)
    }

    static func remove(_ claim: ScrubClaim, required: DatabaseError? = nil) -> Statement {
        LeaseTable.scrubs.forget(claim.row, claim.lease, required: required)
    }

    static func pendingLocations(of id: String) -> Statement {
        Statement(
            """
            SELECT id, value, meta_data, deleted_at FROM image_locations \
            WHERE image_id = $1 AND deleted AND status = 'pending_delete' ORDER BY id
            """, [.text(id)])
    }

    static func claim(_ row: Row) throws(DatabaseError) -> ScrubClaim {
        ScrubClaim(imageID: try row.required(row.text(0), 0), lease: try ProcessLease(row, from: 1))
    }
}
