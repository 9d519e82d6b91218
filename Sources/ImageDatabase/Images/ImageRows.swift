import ImageModel
import JSON
import TextCoding

/// The statement shape by which images are read: one row for each image, whose properties, tags, locations and members
/// stand in it as arrays.
///
/// One round trip reads any number of images. Arrays in a row cost both databases and us less than rows of their own, most
/// of whose columns would be null.
struct ImageRows {
    private let dialect: any SQLDialect
    private let locationRows: LocationRows

    init(_ dialect: any SQLDialect, _ locationRows: LocationRows) {
        self.dialect = dialect
        self.locationRows = locationRows
    }

    /// Columns of `images` in the order in which ``decode(_:)`` reads them.
    var columns: String {
        """
        id, name, status, \(dialect.text("visibility")) AS visibility, owner, size, virtual_size, disk_format, \
        container_format, min_disk, min_ram, protected, os_hidden, checksum, os_hash_algo, os_hash_value, created_at, \
        updated_at, deleted_at
        """
    }
    private static let pageColumns = """
        id, name, status, visibility, owner, size, virtual_size, disk_format, container_format, min_disk, min_ram, \
        protected, os_hidden, checksum, os_hash_algo, os_hash_value, created_at, updated_at, deleted_at
        """

    /// The columns of one image's row. Those of `images` are 1 to 19.
    private enum Column {
        static let place = 0
        static let id = 1
        static let properties = 20
        static let tags = 21
        static let locations = 22
        static let members = 23
        static let count = 24
    }

    /// What follows the definition of `page`, a common table expression that selects ``columns`` and `place`, an image's
    /// number in the order of the page.
    ///
    /// - Parameter marker: whether there is a common table expression `marker` whose row is to be reported.
    func selection(marker: Bool = false) -> String {
        let nulls = Array(repeating: "NULL", count: Column.count - 1).joined(separator: ", ")
        return " SELECT place, \(Self.pageColumns), \(children(of: "page.id")) FROM page"
            + (marker ? " UNION ALL SELECT 0, \(nulls) FROM marker" : "")
    }

    /// Images by their ids; ``image(_:in:)`` finds them in the answer.
    ///
    /// - Parameter condition: what else must hold for the image's row.
    func lookup(_ condition: String = "") -> LookupStatements {
        func selection(_ id: String) -> String {
            "SELECT 0, \(columns), \(children(of: "images.id")) FROM images WHERE id = \(id)\(condition)"
        }
        return LookupStatements(one: selection("$1"), many: dialect.forEach("wanted", of: "$1", selection("wanted")))
    }

    private func children(of id: String) -> String {
        [
            ("image_properties", ["c.name", "c.value"]),
            ("image_tags", ["c.value"]),
            ("image_locations", ["c.id", "c.status", "c.value", "c.meta_data"]),
            ("image_members", ["c.member", "c.status", "c.created_at", "c.updated_at"]),
        ].map { table, columns in
            dialect.textRows(columns, from: "\(table) c WHERE c.image_id = \(id) AND NOT c.deleted")
        }.joined(separator: ", ")
    }

    /// The images of a result, in the order of their places, and whether a marker's row was among them.
    func decode(_ rows: Rows) throws(DatabaseError) -> (images: [Image], hasMarker: Bool) {
        var images: [Image] = []
        images.reserveCapacity(rows.count)
        var places: [Int64] = []
        var hasMarker = false
        var metadata = LocationMetadata()
        for index in 0..<rows.count {
            let row = rows[index]
            if row.isNull(Column.id) {
                hasMarker = true
                continue
            }
            places.append(try row.integer(Column.place) ?? 0)
            images.append(try decode(row, &metadata))
        }
        // Both databases deliver the page in order, though nothing in SQL promises it.
        if !zip(places, places.dropFirst()).allSatisfy(<) {
            images = places.indices.sorted { places[$0] < places[$1] }.map { images[$0] }
        }
        return (images, hasMarker)
    }

    /// One image of the answer to a lookup; the rows of others are not looked at.
    func image(_ id: String, in rows: Rows) throws(DatabaseError) -> Image? {
        var metadata = LocationMetadata()
        for index in 0..<rows.count where rows[index].holds(id, Column.id) { return try decode(rows[index], &metadata) }
        return nil
    }

    private func decode(_ row: Row, _ metadata: inout LocationMetadata) throws(DatabaseError) -> Image {
        var image = try Self.image(row)
        let properties = try children(row, Column.properties, columns: 2)
        if !properties.isEmpty { image.properties.reserveCapacity(properties.count / 2) }
        for cell in stride(from: 0, to: properties.count, by: 2) {
            let name = try row.required(properties[cell], Column.properties)
            image.properties.updateValue(properties[cell + 1], forKey: name)
        }
        for tag in try children(row, Column.tags, columns: 1) {
            let value = try row.required(tag, Column.tags)
            if !image.tags.contains(value) { image.tags.append(value) }
        }
        let locations = try children(row, Column.locations, columns: 4)
        for cell in stride(from: 0, to: locations.count, by: 4) {
            let location = location(locations[cell..<cell + 4], &metadata)
            image.locations.append(try row.required(location, Column.locations))
        }
        let members = try children(row, Column.members, columns: 4)
        for cell in stride(from: 0, to: members.count, by: 4) {
            let member = Self.member(members[cell..<cell + 4], ofImage: image.id)
            image.members.append(try row.required(member, Column.members))
        }
        Self.sortChildren(&image)
        return image
    }

    /// The rows of a child table, each of so many columns, one after the other.
    private func children(_ row: Row, _ column: Int, columns: Int) throws(DatabaseError) -> [String?] {
        let children = row.rows.withCell(row.index, column) { bytes in
            bytes.flatMap { dialect.decodeTextRows($0, columns: columns) }
        }
        return try row.required(children, column)
    }

    private static func image(_ row: Row) throws(DatabaseError) -> Image {
        let created = try row.required(row.time(17), 17)
        return Image(
            id: try row.required(row.text(1), 1),
            name: row.text(2),
            status: try row.required(row.text(3).flatMap(ImageStatus.init), 3),
            visibility: try row.required(row.text(4).flatMap(Visibility.init), 4),
            owner: row.text(5),
            size: try row.integer(6),
            virtualSize: try row.integer(7),
            diskFormat: row.text(8),
            containerFormat: row.text(9),
            minDisk: Int(clamping: try row.integer(10) ?? 0),
            minRAM: Int(clamping: try row.integer(11) ?? 0),
            isProtected: row.bool(12),
            isHidden: row.bool(13),
            checksum: row.text(14),
            hashAlgorithm: row.text(15),
            hashValue: row.text(16),
            createdAt: created,
            updatedAt: try row.time(18) ?? created,
            deletedAt: try row.time(19))
    }

    private func location(_ cells: ArraySlice<String?>, _ metadata: inout LocationMetadata) -> ImageLocation? {
        let first = cells.startIndex
        guard let status = cells[first + 1].flatMap(ImageLocation.Status.init), let url = cells[first + 2],
            let members = metadata.members(of: cells[first + 3])
        else { return nil }
        return ImageLocation(
            id: cells[first].flatMap { Int64($0) }, url: locationRows.url(of: url), metadata: members, status: status)
    }

    /// `meta_data` as it was read last: mostly all images of a page are in the same store.
    private struct LocationMetadata {
        private var text: String?
        private var members: [String: JSONValue] = [:]

        mutating func members(of text: String?) -> [String: JSONValue]? {
            if text == nil || text != self.text {
                guard let members = ImageRows.metadata(text) else { return nil }
                (self.text, self.members) = (text, members)
            }
            return members
        }
    }

    /// `meta_data`: a JSON object; old rows hold null.
    static func metadata(_ row: Row, _ column: Int) throws(DatabaseError) -> [String: JSONValue] {
        guard let members = metadata(row.text(column)) else { throw row.unreadable(column) }
        return members
    }

    fileprivate static func metadata(_ text: String?) -> [String: JSONValue]? {
        guard let text, text != "{}" else { return [:] }
        switch try? JSONValue.parse(text) {
        case .object(let members): return members
        case .null: return [:]
        default: return nil
        }
    }

    private static func member(_ cells: ArraySlice<String?>, ofImage id: String) -> ImageMember? {
        let first = cells.startIndex
        guard let project = cells[first], let status = cells[first + 1].flatMap(ImageMember.Status.init),
            let created = cells[first + 2].flatMap({ Timestamp($0) }),
            let updated = cells[first + 3].map({ Timestamp($0) }) ?? created
        else { return nil }
        return ImageMember(imageID: id, project: project, status: status, createdAt: created, updatedAt: updated)
    }

    /// Children in the order in which they were added; tags as text, because Glance calls them a set.
    private static func sortChildren(_ image: inout Image) {
        if image.locations.count > 1 { image.locations.sort { ($0.id ?? 0) < ($1.id ?? 0) } }
        if image.members.count > 1 { image.members.sort { ($0.createdAt, $0.project) < ($1.createdAt, $1.project) } }
        if image.tags.count > 1 { image.tags.sort() }
    }
}
