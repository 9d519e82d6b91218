import ImageModel
import JSON
import TextCoding

/// Rows of `image_locations`, whose URLs may be encrypted. The only place that knows how a URL stands in a row.
struct LocationRows: Sendable {
    let cipher: LocationCipher?

    private func value(of url: String) -> SQLValue { .text(cipher?.seal(url) ?? url) }

    /// What rows with a URL may hold: its plain text too, from before there was a key.
    func values(of url: String) -> [SQLValue] { cipher.map { [.text($0.seal(url)), .text(url)] } ?? [.text(url)] }

    /// The URL of a row.
    func url(of value: String) -> String { cipher?.open(value) ?? value }

    /// A location from the columns id, value and meta_data.
    func location(
        _ row: Row, from column: Int = 0, status: ImageLocation.Status = .active
    ) throws(DatabaseError) -> ImageLocation {
        ImageLocation(
            id: try row.integer(column), url: url(of: try row.required(row.text(column + 1), column + 1)),
            metadata: try ImageRows.metadata(row, column + 2), status: status)
    }

    func insert(_ image: String, _ location: ImageLocation, at now: Timestamp) -> Statement {
        Statement(
            """
            INSERT INTO image_locations (image_id, value, meta_data, status, created_at, updated_at, deleted_at, deleted) \
            VALUES ($1, $2, $3, $4, $5, $5, $6, $7)
            """,
            [
                .text(image), value(of: location.url), .text(JSONWriter.text(of: .object(location.metadata))),
                .text(location.status.rawValue), .time(now), .time(location.isDead ? now : nil), .bool(location.isDead),
            ])
    }

    /// New locations are added, those with a row id that differ are changed, missing ones become `pending_delete`.
    func change(
        _ image: String, from old: [ImageLocation], to new: [ImageLocation], at now: Timestamp
    ) -> [Statement] {
        var statements: [Statement] = []
        let wanted = Dictionary(new.compactMap { location in location.id.map { ($0, location) } }) { first, _ in first }
        for location in old {
            guard let id = location.id else { continue }
            var changed = wanted[id] ?? location
            if wanted[id] == nil { changed.status = .pendingDelete }
            guard changed != location else { continue }
            statements.append(
                Statement(
                    """
                    UPDATE image_locations SET value = $1, meta_data = $2, status = $3, updated_at = $4, deleted_at = $5, \
                    deleted = $6 WHERE id = $7 AND image_id = $8 AND NOT deleted
                    """,
                    [
                        value(of: changed.url), .text(JSONWriter.text(of: .object(changed.metadata))),
                        .text(changed.status.rawValue), .time(now), .time(changed.isDead ? now : nil),
                        .bool(changed.isDead), .integer(id), .text(image),
                    ]))
        }
        let known = Set(old.compactMap(\.id))
        for location in new where location.id.map({ !known.contains($0) }) ?? true {
            statements.append(insert(image, location, at: now))
        }
        return statements
    }
}

extension ImageLocation {
    /// Whether the row counts as deleted.
    fileprivate var isDead: Bool { status == .deleted || status == .pendingDelete }
}
