import ImageModel

/// The statement shape by which images are read: one result in which an image's row and the rows of its properties,
/// tags, locations and members stand together, each with the image's place in the page.
///
/// `page` is a common table expression that selects ``columns`` and `place`. One round trip reads any number of images.
enum ImageRows {
    /// Columns of `images` in the order in which ``decode(_:)`` reads them.
    static let columns = """
        id, name, status, CAST(visibility AS text) AS visibility, owner, size, virtual_size, disk_format, \
        container_format, min_disk, min_ram, protected, os_hidden, checksum, os_hash_algo, os_hash_value, created_at, \
        updated_at, deleted_at
        """

    private enum Kind: Int64 {
        case image, property, tag, location, member, marker
    }

    /// What follows the definition of `page`.
    ///
    /// - Parameter marker: whether there is a common table expression `marker` whose row is to be reported.
    static func selection(marker: Bool = false) -> String {
        " SELECT 0, place, \(pageColumns) FROM page"
            + children("page.place") { "FROM page JOIN \($0) c ON c.image_id = page.id AND NOT c.deleted" }
            + (marker ? " UNION ALL SELECT \(Kind.marker.rawValue), 0, \(nulls(19)) FROM marker" : "")
    }

    /// One image by its id, which is `$1`: the same rows, without a page to join them with.
    ///
    /// - Parameter condition: what else must hold for the image's row.
    static func selectionByID(_ condition: String = "") -> String {
        "SELECT 0, 0, \(columns) FROM images WHERE id = $1\(condition)"
            + children("0") { "FROM \($0) c WHERE c.image_id = $1 AND NOT c.deleted" }
    }

    private static let pageColumns = """
        id, name, status, visibility, owner, size, virtual_size, disk_format, container_format, min_disk, min_ram, \
        protected, os_hidden, checksum, os_hash_algo, os_hash_value, created_at, updated_at, deleted_at
        """

    private static func nulls(_ count: Int) -> String {
        Array(repeating: "NULL", count: count).joined(separator: ", ")
    }

    private static func children(_ place: String, _ source: (_ table: String) -> String) -> String {
        func child(_ kind: Kind, _ table: String, _ columns: String) -> String {
            " UNION ALL SELECT \(kind.rawValue), \(place), \(columns) \(source(table))"
        }
        return child(.property, "image_properties", "NULL, c.name, NULL, c.value, \(nulls(15))")
            + child(.tag, "image_tags", "NULL, c.value, NULL, NULL, NULL, c.id, \(nulls(13))")
            + child(.location, "image_locations", "NULL, NULL, c.status, c.value, c.meta_data, c.id, \(nulls(13))")
            + child(
                .member, "image_members",
                "NULL, c.member, c.status, NULL, NULL, c.id, \(nulls(10)), c.created_at, c.updated_at, NULL")
    }

    /// The images of a result, in the order of their places, and whether a marker's row was among them.
    static func decode(_ rows: Rows) throws(DatabaseError) -> (images: [Image], hasMarker: Bool) {
        var images: [Image] = []
        var places: [Int64] = []
        var hasMarker = false
        for index in 0..<rows.count {
            let row = rows[index]
            guard try row.integer(0) == Kind.image.rawValue else { continue }
            places.append(try row.integer(1) ?? 0)
            images.append(try image(row))
        }
        // Both databases deliver the page in order, though nothing in SQL promises it.
        if !zip(places, places.dropFirst()).allSatisfy(<) {
            let order = places.indices.sorted { places[$0] < places[$1] }
            (images, places) = (order.map { images[$0] }, order.map { places[$0] })
        }
        let base = places.first ?? 0
        let isDense = places.last.map { $0 - base == Int64(places.count - 1) } ?? true
        for index in 0..<rows.count {
            let row = rows[index]
            guard let kind = Kind(rawValue: try row.integer(0) ?? -1), kind != .image else { continue }
            if kind == .marker {
                hasMarker = true
                continue
            }
            let place = try row.integer(1) ?? 0
            let slot = isDense ? Int(place - base) : places.firstIndex(of: place)
            guard let slot, images.indices.contains(slot) else { continue }
            try add(row, kind, to: &images[slot])
        }
        for index in images.indices { sortChildren(&images[index]) }
        return (images, hasMarker)
    }

    private static func image(_ row: Row) throws(DatabaseError) -> Image {
        let created = try row.required(row.time(18), 18)
        return Image(
            id: try row.required(row.text(2), 2),
            name: row.text(3),
            status: try row.required(row.text(4).flatMap(ImageStatus.init), 4),
            visibility: try row.required(row.text(5).flatMap(Visibility.init), 5),
            owner: row.text(6),
            size: try row.integer(7),
            virtualSize: try row.integer(8),
            diskFormat: row.text(9),
            containerFormat: row.text(10),
            minDisk: Int(clamping: try row.integer(11) ?? 0),
            minRAM: Int(clamping: try row.integer(12) ?? 0),
            isProtected: row.bool(13),
            isHidden: row.bool(14),
            checksum: row.text(15),
            hashAlgorithm: row.text(16),
            hashValue: row.text(17),
            createdAt: created,
            updatedAt: try row.time(19) ?? created,
            deletedAt: try row.time(20))
    }

    private static func add(_ row: Row, _ kind: Kind, to image: inout Image) throws(DatabaseError) {
        switch kind {
        case .image, .marker: break
        case .property:
            image.properties.updateValue(row.text(5), forKey: try row.required(row.text(3), 3))
        case .tag:
            let tag = try row.required(row.text(3), 3)
            if !image.tags.contains(tag) { image.tags.append(tag) }
        case .location:
            image.locations.append(try location(row))
        case .member:
            image.members.append(try member(row, ofImage: image.id))
        }
    }

    private static func location(_ row: Row) throws(DatabaseError) -> ImageLocation {
        ImageLocation(
            id: try row.integer(7),
            url: try row.required(row.text(5), 5),
            metadata: try metadata(row, 6),
            status: try row.required(row.text(4).flatMap(ImageLocation.Status.init), 4))
    }

    /// `meta_data`: a JSON object; old rows hold null.
    static func metadata(_ row: Row, _ column: Int) throws(DatabaseError) -> [String: JSONValue] {
        guard let text = row.text(column), text != "{}" else { return [:] }
        switch try? JSONValue.parse(text) {
        case .object(let members): return members
        case .null: return [:]
        default: throw row.unreadable(column)
        }
    }

    private static func member(_ row: Row, ofImage id: String) throws(DatabaseError) -> ImageMember {
        let created = try row.required(row.time(18), 18)
        return ImageMember(
            imageID: id,
            project: try row.required(row.text(3), 3),
            status: try row.required(row.text(4).flatMap(ImageMember.Status.init), 4),
            createdAt: created,
            updatedAt: try row.time(19) ?? created)
    }

    /// Children in the order in which they were added; tags as text, because Glance calls them a set.
    private static func sortChildren(_ image: inout Image) {
        if image.locations.count > 1 { image.locations.sort { ($0.id ?? 0) < ($1.id ?? 0) } }
        if image.members.count > 1 { image.members.sort { ($0.createdAt, $0.project) < ($1.createdAt, $1.project) } }
        if image.tags.count > 1 { image.tags.sort() }
    }
}
