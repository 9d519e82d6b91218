import ImageModel

/// The statement shape by which images are read: one row for each image, whose properties, tags, locations and members
/// stand in it as JSON arrays.
///
/// One round trip reads any number of images. Arrays in a row cost both databases and us less than rows of their own, most
/// of whose columns would be null.
struct ImageRows {
    private let dialect: SQLDialect

    init(_ dialect: SQLDialect) { self.dialect = dialect }

    /// Columns of `images` in the order in which ``decode(_:)`` reads them.
    static let columns = """
        id, name, status, CAST(visibility AS text) AS visibility, owner, size, virtual_size, disk_format, \
        container_format, min_disk, min_ram, protected, os_hidden, checksum, os_hash_algo, os_hash_value, created_at, \
        updated_at, deleted_at
        """
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

    /// One image by its id, which is `$1`.
    ///
    /// - Parameter condition: what else must hold for the image's row.
    func selectionByID(_ condition: String = "") -> String {
        "SELECT 0, \(Self.columns), \(children(of: "images.id")) FROM images WHERE id = $1\(condition)"
    }

    private func children(of id: String) -> String {
        [
            ("image_properties", ["c.name", "c.value"]),
            ("image_tags", ["c.value"]),
            ("image_locations", ["c.id", "c.status", "c.value", "c.meta_data"]),
            (
                "image_members",
                ["c.member", "c.status", "CAST(c.created_at AS text)", "CAST(c.updated_at AS text)"]
            ),
        ].map { table, columns in
            let array = "\(dialect.jsonArray)(\(columns.joined(separator: ", ")))"
            let source = "\(table) c WHERE c.image_id = \(id) AND NOT c.deleted"
            return "(SELECT \(dialect.jsonAggregate)(\(array)) FROM \(source))"
        }.joined(separator: ", ")
    }

    /// The images of a result, in the order of their places, and whether a marker's row was among them.
    static func decode(_ rows: Rows) throws(DatabaseError) -> (images: [Image], hasMarker: Bool) {
        var images: [Image] = []
        images.reserveCapacity(rows.count)
        var places: [Int64] = []
        var hasMarker = false
        for index in 0..<rows.count {
            let row = rows[index]
            if row.isNull(Column.id) {
                hasMarker = true
                continue
            }
            places.append(try row.integer(Column.place) ?? 0)
            var image = try image(row)
            for property in try elements(row, Column.properties) {
                let cells = try Cells(property, count: 2, row, Column.properties)
                image.properties.updateValue(cells.text(1), forKey: try cells.required(0))
            }
            for tag in try elements(row, Column.tags) {
                let value = try Cells(tag, count: 1, row, Column.tags).required(0)
                if !image.tags.contains(value) { image.tags.append(value) }
            }
            for location in try elements(row, Column.locations) {
                image.locations.append(try Self.location(Cells(location, count: 4, row, Column.locations)))
            }
            for member in try elements(row, Column.members) {
                image.members.append(
                    try Self.member(Cells(member, count: 4, row, Column.members), ofImage: image.id))
            }
            sortChildren(&image)
            images.append(image)
        }
        // Both databases deliver the page in order, though nothing in SQL promises it.
        if !zip(places, places.dropFirst()).allSatisfy(<) {
            images = places.indices.sorted { places[$0] < places[$1] }.map { images[$0] }
        }
        return (images, hasMarker)
    }

    /// The elements of a JSON array; null is an empty one.
    private static func elements(_ row: Row, _ column: Int) throws(DatabaseError) -> [JSONValue] {
        let parsed: Result<JSONValue, JSONParsingError> = row.rows.withCell(row.index, column) { bytes in
            guard let bytes else { return .success(.array([])) }
            return Result { () throws(JSONParsingError) in try JSONValue.parse(bytes) }
        }
        guard case .success(.array(let elements)) = parsed else { throw row.unreadable(column) }
        return elements
    }

    /// The row of a child table.
    private struct Cells {
        private let values: [JSONValue]
        private let row: Row
        private let column: Int

        init(_ value: JSONValue, count: Int, _ row: Row, _ column: Int) throws(DatabaseError) {
            guard case .array(let values) = value, values.count == count else { throw row.unreadable(column) }
            self.values = values
            self.row = row
            self.column = column
        }

        var unreadable: DatabaseError { row.unreadable(column) }

        func text(_ index: Int) -> String? {
            if case .string(let text) = values[index] { text } else { nil }
        }

        func integer(_ index: Int) -> Int64? {
            if case .integer(let integer) = values[index] { integer } else { nil }
        }

        func required(_ index: Int) throws(DatabaseError) -> String { try row.required(text(index), column) }
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

    private static func location(_ cells: Cells) throws(DatabaseError) -> ImageLocation {
        guard let status = try ImageLocation.Status(rawValue: cells.required(1)),
            let metadata = metadata(cells.text(3))
        else { throw cells.unreadable }
        return ImageLocation(
            id: cells.integer(0), url: try cells.required(2), metadata: metadata, status: status)
    }

    /// `meta_data`: a JSON object; old rows hold null.
    static func metadata(_ row: Row, _ column: Int) throws(DatabaseError) -> [String: JSONValue] {
        guard let members = metadata(row.text(column)) else { throw row.unreadable(column) }
        return members
    }

    private static func metadata(_ text: String?) -> [String: JSONValue]? {
        guard let text, text != "{}" else { return [:] }
        switch try? JSONValue.parse(text) {
        case .object(let members): return members
        case .null: return [:]
        default: return nil
        }
    }

    private static func member(_ cells: Cells, ofImage id: String) throws(DatabaseError) -> ImageMember {
        guard let status = try ImageMember.Status(rawValue: cells.required(1)),
            let created = Timestamp(try cells.required(2)),
            let updated = cells.text(3).map({ Timestamp($0) }) ?? created
        else { throw cells.unreadable }
        return ImageMember(
            imageID: id, project: try cells.required(0), status: status, createdAt: created, updatedAt: updated)
    }

    /// Children in the order in which they were added; tags as text, because Glance calls them a set.
    private static func sortChildren(_ image: inout Image) {
        if image.locations.count > 1 { image.locations.sort { ($0.id ?? 0) < ($1.id ?? 0) } }
        if image.members.count > 1 { image.members.sort { ($0.createdAt, $0.project) < ($1.createdAt, $1.project) } }
        if image.tags.count > 1 { image.tags.sort() }
    }
}
