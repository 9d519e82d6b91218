import ImageModel
public import Processes
import TextCoding

// The way back from `pending_delete`.
extension ScrubsFacet {
    /// Claims an image to bring it back, so that no scrubber touches it meanwhile.
    ///
    /// Besides images that are `pending_delete` this takes those of which Glance's own `--restore` has brought back nothing
    /// but the row: they are `active` and still say when they were deleted.
    public func claimRestore(
        of id: String, by process: ProcessIdentity
    ) async throws(RestoreRefusal) -> ClaimedRestore {
        let claim = ScrubClaim(imageID: id, process: process)
        do throws(DatabaseError) {
            let results = try await session.write([
                insert(claim),
                Statement(
                    """
                    SELECT deleted_at FROM images WHERE id = $1 AND deleted_at IS NOT NULL \
                    AND ((deleted AND status = 'pending_delete') OR (NOT deleted AND status = 'active'))
                    """, [.text(id)], required: .notFound, locksRows: true),
                Self.pendingLocations(of: id),
            ])
            return try restore(
                claim, deletedAt: try results[1][0].required(results[1][0].time(0), 0), rows: results[2])
        } catch {
            switch error {
            case .conflict, .notFound: throw await refusal(of: id)
            default: throw .database(error)
            }
        }
    }

    private func refusal(of id: String) async -> RestoreRefusal {
        do throws(DatabaseError) {
            let results = try await session.read(
                Statement(
                    "SELECT image_id, host, pid, start_time, renewed_at FROM glance_scrubs WHERE image_id = $1",
                    [.text(id)]),
                Statement("SELECT status FROM images WHERE id = $1", [.text(id)]))
            guard results[1].count > 0 else { return .notFound }
            if results[0].count > 0 { return .claimed(try Self.claim(results[0][0])) }
            let status = results[1][0]
            return .status(try status.required(status.text(0).flatMap(ImageStatus.init), 0))
        } catch {
            return .database(error)
        }
    }

    /// Which rows belong to the deletion. We delete an image and its children at one time. Glance takes several steps just
    /// before it writes the image's time: locations one by one, then the properties; so there it takes a few seconds.
    private func restore(
        _ claim: ScrubClaim, deletedAt: Timestamp, rows: Rows
    ) throws(DatabaseError) -> ClaimedRestore {
        var locations: [(location: ImageLocation, deletedAt: Timestamp?)] = []
        for index in 0..<rows.count {
            let location = try session.locationRows.location(rows[index], status: .pendingDelete)
            locations.append((location, try rows[index].time(3)))
        }
        let isExact = locations.contains { $0.deletedAt == deletedAt }
        let first = isExact ? deletedAt : deletedAt.advanced(bySeconds: -60)
        let belonging = locations.filter { entry in entry.deletedAt.map { $0 >= first } ?? true }
        return ClaimedRestore(
            claim: claim, deletedAt: deletedAt, locations: belonging.map(\.location),
            propertiesDeletedFrom: isExact ? deletedAt : deletedAt.advanced(bySeconds: -5))
    }

    /// Makes an image `active` again with the properties, tags, members and locations that were deleted with it, in one
    /// transaction, and ends the claim.
    ///
    /// - Parameters:
    ///   - present: row ids of the locations whose data are there.
    ///   - gone: row ids of those whose data are not; they become `deleted`.
    /// - Throws: ``DatabaseError/conflict`` when the claim is lost or the image's status has changed.
    public func restore(
        _ restore: ClaimedRestore, present: [Int64], gone: [Int64]
    ) async throws(DatabaseError) {
        let dialect = session.dialect
        let (id, now) = (restore.claim.imageID, SQLValue.time(.now))
        let (from, to) = (SQLValue.time(restore.propertiesDeletedFrom), SQLValue.time(restore.deletedAt))
        var statements = [
            Self.remove(restore.claim, required: .conflict),
            Statement(
                """
                UPDATE images SET status = 'active', deleted = false, deleted_at = NULL, updated_at = $1 \
                WHERE id = $2 AND deleted_at = $3 AND status IN ('pending_delete', 'active')
                """, [now, .text(id), to], required: .conflict),
            Statement(
                """
                UPDATE image_properties SET deleted = false, deleted_at = NULL, updated_at = $1 \
                WHERE image_id = $2 AND deleted AND deleted_at BETWEEN $3 AND $4
                """, [now, .text(id), from, to]),
            // A half restored image may have been given tags and members again.
            Statement(
                """
                UPDATE image_tags SET deleted = false, deleted_at = NULL, updated_at = $1 \
                WHERE image_id = $2 AND deleted AND deleted_at = $3 AND value NOT IN \
                \(dialect.ofChangedTable("SELECT o.value FROM image_tags o WHERE o.image_id = $2 AND NOT o.deleted"))
                """, [now, .text(id), to]),
            Statement(
                """
                UPDATE image_members SET deleted = false, deleted_at = NULL, updated_at = $1 \
                WHERE image_id = $2 AND deleted AND deleted_at = $3 AND member NOT IN \
                \(dialect.ofChangedTable("SELECT o.member FROM image_members o WHERE o.image_id = $2 AND NOT o.deleted"))
                """, [now, .text(id), to]),
        ]
        statements += present.map { row in
            Statement(
                """
                UPDATE image_locations SET status = 'active', deleted = false, deleted_at = NULL, updated_at = $1 \
                WHERE id = $2 AND image_id = $3 AND status = 'pending_delete'
                """, [now, .integer(row), .text(id)], required: .conflict)
        }
        statements += gone.map { row in
            Statement(
                """
                UPDATE image_locations SET status = 'deleted', updated_at = $1 \
                WHERE id = $2 AND image_id = $3 AND status = 'pending_delete'
                """, [now, .integer(row), .text(id)])
        }
        try await session.write(statements)
    }
}
