public import ImageModel
public import TextCoding

/// Images with everything that belongs to them.
public struct ImagesFacet: Sendable {
    let session: DatabaseSession

    /// One image with its live properties, tags, locations and members, in one round trip; PostgreSQL is asked at once for
    /// those that are wanted at the same time. Nil when there is no such row, or (unless `includingDeleted`) when it is deleted.
    public func find(_ id: String, includingDeleted: Bool = false) async throws(DatabaseError) -> Image? {
        let rows = try await session.read(
            Lookup(statements: includingDeleted ? session.anyImageByID : session.liveImageByID, key: id))
        return try session.imageRows.image(id, in: rows)
    }

    /// One page of images with properties, tags, locations and members, in one round trip whatever their number.
    ///
    /// - Throws: ``DatabaseError/markerNotFound`` when there is no row of the marker, or when it is not visible to the
    ///   viewer. One that is deleted still marks its place, for everybody who could see it.
    public func list(_ query: ImageQuery) async throws(DatabaseError) -> [Image] {
        let list = ImageListStatement(query, session.dialect)
        let rows = try await session.read(list.build())
        let (images, hasMarker) = try session.imageRows.decode(rows[0])
        if query.marker != nil && !hasMarker { throw .markerNotFound }
        return images
    }

    /// Writes a new image with properties and tags (and locations, if any) in one transaction.
    ///
    /// - Parameter claim: what has to fit into the limits of the owner.
    /// - Throws: ``DatabaseError/duplicate`` when the id is taken, by a soft-deleted image too;
    ///   ``DatabaseError/limitReached``, ``DatabaseError/limitsUnknown``.
    public func insert(_ image: Image, claim: LimitClaim? = nil) async throws(DatabaseError) {
        var statements = within(claim)
        statements.append(ImageWrites.insertRow(image))
        for (name, value) in image.properties.sorted(by: { $0.key < $1.key }) {
            statements.append(ImageWrites.setProperty(image.id, name, value, at: image.createdAt, session.dialect))
        }
        statements += image.tags.map { ImageWrites.insertTag(image.id, $0, at: image.createdAt, session.dialect) }
        statements += image.locations.map { session.locationRows.insert(image.id, $0, at: image.createdAt) }
        statements += image.members.map { ImageWrites.insertMember($0) }
        try await session.write(statements)
    }

    /// Writes what differs between `old` and `new` (row, properties, tags, locations) in one transaction, sets
    /// `updated_at` and returns it.
    ///
    /// The row changes only if its status is still `old.status`; a removed location becomes `pending_delete`, see
    /// ``LocationsFacet/markDeleted(_:)``. Nothing is written for what did not change, so parallel changes of other fields stay.
    ///
    /// - Parameters:
    ///   - claim: what has to fit into the limits of the owner.
    ///   - limits: how many tags and properties the image may have in the end, if some are added.
    /// - Throws: ``DatabaseError/conflict`` when the status changed meanwhile, ``DatabaseError/notFound`` when the image
    ///   is gone; ``DatabaseError/limitReached``, ``DatabaseError/limitsUnknown``, ``DatabaseError/tooManyTags``,
    ///   ``DatabaseError/tooManyProperties``.
    public func update(
        from old: Image, to new: Image, claim: LimitClaim? = nil, limits: ImageLimits = .none
    ) async throws(DatabaseError) -> Timestamp {
        let now = Timestamp.now
        var statements = within(claim)
        statements.append(ImageWrites.updateRow(from: old, to: new, at: now))
        for (name, value) in new.properties.sorted(by: { $0.key < $1.key }) where old.properties[name] != .some(value) {
            statements.append(ImageWrites.setProperty(old.id, name, value, at: now, session.dialect))
        }
        for name in old.properties.keys.sorted() where new.properties[name] == nil {
            statements.append(ImageWrites.removeProperty(old.id, name, at: now))
        }
        let addedTags = Set(new.tags).subtracting(old.tags)
        for tag in addedTags.sorted() {
            statements.append(ImageWrites.insertTag(old.id, tag, at: now, session.dialect))
        }
        for tag in Set(old.tags).subtracting(new.tags).sorted() {
            statements.append(ImageWrites.removeTag(old.id, tag, at: now, session.dialect))
        }
        statements += limits.checks(
            old.id, addsTags: !addedTags.isEmpty,
            addsProperties: new.properties.keys.contains { old.properties[$0] == nil })
        statements += session.locationRows.change(old.id, from: old.locations, to: new.locations, at: now)
        try await session.writeChange(ofImage: old.id, statements)
        return now
    }

    /// Soft-deletes an image and its properties, tags, members and locations in one transaction, whatever its
    /// locations' visibility to the caller, and returns the locations that were live.
    ///
    /// The locations become `pending_delete` until their data are gone: see ``LocationsFacet/markDeleted(_:)``.
    ///
    /// - Parameters:
    ///   - status: `deleted`, or `pendingDelete` for the scrubber.
    ///   - from: the states in which deletion is allowed.
    /// - Throws: ``DatabaseError/conflict``, ``DatabaseError/notFound``.
    public func delete(
        _ id: String, to status: ImageStatus, from: Set<ImageStatus>
    ) async throws(DatabaseError) -> [ImageLocation] {
        let time = SQLValue.time(.now)
        var row = StatementBuilder()
        row.append("UPDATE images SET status = \(row.bind(.text(status.rawValue))), deleted = true")
        let now = row.bind(time)
        row.append(", deleted_at = \(now), updated_at = \(now) WHERE id = \(row.bind(.text(id))) AND NOT deleted")
        let states = from.map(\.rawValue).sorted().map { row.bind(.text($0)) }
        row.append(states.isEmpty ? " AND false" : " AND status IN (\(states.joined(separator: ", ")))")
        var first = row.statement
        first.required = .conflict
        let children = ["image_properties", "image_tags", "image_members"].map { table in
            Statement(
                "UPDATE \(table) SET deleted = true, deleted_at = $1, updated_at = $1 WHERE image_id = $2 AND NOT deleted",
                [time, .text(id)])
        }
        let results = try await session.writeChange(
            ofImage: id,
            [
                first,
                Statement(
                    """
                    SELECT id, value, meta_data, status FROM image_locations WHERE image_id = $1 AND NOT deleted \
                    ORDER BY id
                    """, [.text(id)]),
                Statement(
                    """
                    UPDATE image_locations SET status = 'pending_delete', deleted = true, deleted_at = $1, \
                    updated_at = $1 WHERE image_id = $2 AND NOT deleted
                    """, [time, .text(id)]),
            ] + children)
        var locations: [ImageLocation] = []
        for index in 0..<results[1].count {
            let row = results[1][index]
            let status = try row.required(row.text(3).flatMap(ImageLocation.Status.init), 3)
            locations.append(try session.locationRows.location(row, status: status))
        }
        return locations
    }

    /// Bytes that a project uses: for each of its images not killed, deleted or pending_delete, size × live locations.
    public func storageUsage(
        ofProject project: String, excludingImage: String? = nil
    ) async throws(DatabaseError) -> Int64 {
        let bytes = session.dialect.integer(
            "COALESCE(SUM(i.size * (SELECT COUNT(*) FROM image_locations l WHERE l.image_id = i.id AND NOT l.deleted)), 0)"
        )
        let rows = try await session.read(
            Statement(
                """
                SELECT \(bytes) FROM images i WHERE i.owner = $1 AND i.id <> $2 AND NOT i.deleted \
                AND i.status NOT IN ('killed', 'deleted', 'pending_delete')
                """, [.text(project), .text(excludingImage ?? "")]))
        return try rows[0][0].integer(0) ?? 0
    }

    /// What begins a transaction that has to stay within limits.
    private func within(_ claim: LimitClaim?) -> [Statement] {
        guard let claim else { return [] }
        let limits = LimitStatements(session.dialect)
        return limits.lock(claim.projectID) + limits.check(claim)
    }
}
