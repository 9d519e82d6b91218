import ImageModel

/// Builds the statement that answers ``ImagesFacet/list(_:)``.
///
/// Who sees what, the filters and the paging are those of the Images API's "List images" as Glance carries it out.
struct ImageListStatement {
    private let query: ImageQuery
    private let dialect: any SQLDialect
    private var builder = StatementBuilder()

    init(_ query: ImageQuery, _ dialect: any SQLDialect) {
        self.query = query
        self.dialect = dialect
    }

    /// The statement; its result is for ``ImageRows/decode(_:)``.
    mutating func build() -> Statement {
        let keys = Self.totalOrder(query.sort)
        let rows = ImageRows(dialect, LocationRows(cipher: nil))
        builder.append("WITH ")
        if let marker = query.marker {
            let columns = keys.map(\.column.rawValue).joined(separator: ", ")
            builder.append("marker AS (SELECT \(columns) FROM images i WHERE i.id = \(builder.bind(.text(marker)))")
            // It may be deleted since it ended a page: what comes after it is still the rest.
            builder.append(" AND \(reachable())), ")
        }
        let order = keys.map { "i.\($0.column.rawValue) \($0.isDescending ? "DESC" : "ASC")" }.joined(separator: ", ")
        builder.append("page AS (SELECT \(rows.columns), row_number() OVER (ORDER BY \(order)) AS place")
        builder.append(" FROM images i WHERE \(conditions().joined(separator: " AND "))")
        if query.marker != nil { builder.append(" AND \(behindMarker(keys))") }
        builder.append(" ORDER BY \(order) LIMIT \(max(0, query.limit)))")
        builder.append(rows.selection(marker: query.marker != nil))
        return builder.statement
    }

    /// The order asked for, made total by `id` where it does not have it.
    static func totalOrder(_ sort: [ImageQuery.Sort]) -> [ImageQuery.Sort] {
        var keys: [ImageQuery.Sort] = []
        for key in sort + [.init(.id, descending: true)] where !keys.contains(where: { $0.column == key.column }) {
            keys.append(key)
        }
        return keys
    }

    // MARK: Conditions

    private mutating func conditions() -> [String] {
        var result = ["NOT i.deleted", "i.status NOT IN ('killed', 'deleted', 'pending_delete')"]
        result.append("i.os_hidden = \(query.isHidden ? "true" : "false")")
        result += visibility()
        result += query.filters.compactMap { condition($0) }
        if let condition = tagCondition() { result.append(condition) }
        if let condition = propertyCondition() { result.append(condition) }
        return result
    }

    private mutating func visibility() -> [String] {
        let viewer = query.viewer
        let owner = viewer.project.map { builder.bind(.text($0)) }
        let isOwn = owner.map { "i.owner = \($0)" }
        var result: [String] = []
        if !viewer.isAdmin {
            var allowed = ["i.visibility IN ('public', 'community')"]
            if let isOwn, let owner {
                var membership = "EXISTS (SELECT 1 FROM image_members m WHERE m.image_id = i.id AND m.member = \(owner)"
                if let status = query.memberStatus {
                    membership += " AND m.status = \(builder.bind(.text(status.rawValue)))"
                }
                allowed += [isOwn, "(i.visibility = 'shared' AND \(membership) AND NOT m.deleted))"]
            }
            result.append("(\(allowed.joined(separator: " OR ")))")
        }
        if let visibility = query.visibility {
            result.append("i.visibility = '\(visibility.rawValue)'")
        } else if !query.includesCommunity {
            result.append(
                "(\((["i.visibility <> 'community'"] + (isOwn.map { [$0] } ?? [])).joined(separator: " OR ")))")
        }
        return result
    }

    /// Who reaches an image by its id, the same as ``Image/isVisible(toProject:isAdmin:)``, or did so until it was deleted:
    /// its members were deleted with it.
    private mutating func reachable() -> String {
        if query.viewer.isAdmin { return "true" }
        let anybodys = "i.owner IS NULL OR i.visibility IN ('public', 'community')"
        guard let project = query.viewer.project else { return "(\(anybodys))" }
        let owner = builder.bind(.text(project))
        return """
            (\(anybodys) OR i.owner = \(owner) OR (i.visibility = 'shared' AND EXISTS (SELECT 1 FROM image_members m \
            WHERE m.image_id = i.id AND m.member = \(owner) \
            AND (NOT m.deleted OR (i.deleted AND m.deleted_at >= i.deleted_at)))))
            """
    }

    /// The condition of a filter on a column of the image; nil for those on the rows of other tables.
    private mutating func condition(_ filter: ImageQuery.Filter) -> String? {
        switch filter {
        case .oneOf(let column, let values):
            guard !values.isEmpty else { return "false" }
            let places = values.map { builder.bind(.text($0)) }.joined(separator: ", ")
            // Visibility may be an enumeration, which knows no other text.
            let name = column == .visibility ? dialect.text("i.visibility") : "i.\(column.rawValue)"
            return "\(name) IN (\(places))"
        case .integer(let column, let comparison, let value):
            return "i.\(column.rawValue) \(comparison.sql) \(builder.bind(.integer(value)))"
        case .time(let column, let comparison, let value):
            return "i.\(column.rawValue) \(comparison.sql) \(builder.bind(.time(value)))"
        case .isProtected(let value):
            return "i.protected = \(value ? "true" : "false")"
        case .tag, .property:
            return nil
        }
    }

    // A few tags or properties are a condition each, so that the database can walk through the images in order and stop when
    // the page is full. Each becomes a join, though, and the planner's work grows with the third power of their number:
    // fifty held it for seconds. So many of them are one sub-select.

    private static let mostJoins = 4

    /// The image has all the tags of the filters; nil when there are none.
    private mutating func tagCondition() -> String? {
        let tags = query.filters.compactMap { if case .tag(let tag) = $0 { tag } else { nil } }
            .unique { Array($0.utf8) }
        let places = tags.map { builder.bind(.text($0)) }
        if tags.isEmpty { return nil }
        guard tags.count > Self.mostJoins else {
            return places.map { place in
                "EXISTS (SELECT 1 FROM image_tags t WHERE t.image_id = i.id AND \(dialect.isSame("t.value", place)) AND NOT t.deleted)"
            }.joined(separator: " AND ")
        }
        return """
            i.id IN (SELECT t.image_id FROM image_tags t WHERE \(dialect.isOneOf(["t.value"], places.map { [$0] })) \
            AND NOT t.deleted GROUP BY t.image_id HAVING count(DISTINCT t.value) = \(tags.count))
            """
    }

    /// The image has all the properties of the filters, of which it has one of a name; nil when there are none.
    private mutating func propertyCondition() -> String? {
        let properties = query.filters.compactMap {
            if case .property(let name, let value) = $0 { (name, value) } else { nil }
        }.unique { [Array($0.0.utf8), Array($0.1.utf8)] }
        let places = properties.map { [builder.bind(.text($0.0)), builder.bind(.text($0.1))] }
        let columns = ["p.name", "p.value"]
        if properties.isEmpty { return nil }
        guard properties.count > Self.mostJoins else {
            return places.map { place in
                """
                EXISTS (SELECT 1 FROM image_properties p WHERE p.image_id = i.id AND \(dialect.isOneOf(columns, [place])) \
                AND NOT p.deleted)
                """
            }.joined(separator: " AND ")
        }
        return """
            i.id IN (SELECT p.image_id FROM image_properties p WHERE \(dialect.isOneOf(columns, places)) AND NOT p.deleted \
            GROUP BY p.image_id HAVING count(*) = \(properties.count))
            """
    }

    // MARK: Paging

    /// True for what comes after the marker in the order of `keys`.
    private func behindMarker(_ keys: [ImageQuery.Sort]) -> String {
        var alternatives: [String] = []
        var equal: [String] = []
        for key in keys {
            let own = "i.\(key.column.rawValue)"
            let other = "(SELECT \(key.column.rawValue) FROM marker)"
            let isNullable = key.column.isNullable
            var behind = "\(own) \(key.isDescending ? "<" : ">") \(other)"
            if isNullable {
                // Nulls stand at one end of the order: which one depends on the database and the direction.
                let nullsComeLast = dialect.nullsAreSmallest == key.isDescending
                behind =
                    nullsComeLast
                    ? "(\(behind) OR (\(own) IS NULL AND \(other) IS NOT NULL))"
                    : "(\(behind) OR (\(own) IS NOT NULL AND \(other) IS NULL))"
            }
            alternatives.append("(\((equal + [behind]).joined(separator: " AND ")))")
            equal.append(
                isNullable ? "(\(own) = \(other) OR (\(own) IS NULL AND \(other) IS NULL))" : "\(own) = \(other)")
        }
        let condition = "(\(alternatives.joined(separator: " OR ")))"
        guard let first = keys.first, !first.column.isNullable else { return condition }
        // Says the same once more in a way that an index on the first key can use.
        let column = first.column.rawValue
        return "i.\(column) \(first.isDescending ? "<=" : ">=") (SELECT \(column) FROM marker) AND \(condition)"
    }
}

extension Array {
    /// The elements with different keys, the first of each. Keys are bytes where texts are meant: Swift takes for equal
    /// what a database tells apart.
    fileprivate func unique<Key: Hashable>(by key: (Element) -> Key) -> [Element] {
        var seen: Set<Key> = []
        return filter { seen.insert(key($0)).inserted }
    }
}

extension ImageQuery.Comparison {
    fileprivate var sql: String {
        switch self {
        case .equal: "="
        case .notEqual: "<>"
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .less: "<"
        case .lessOrEqual: "<="
        }
    }
}

extension ImageQuery.Column {
    /// Whether the column of `images` may hold null.
    fileprivate var isNullable: Bool {
        switch self {
        case .id, .status, .visibility, .minDisk, .minRAM, .isProtected, .createdAt: false
        default: true
        }
    }
}
