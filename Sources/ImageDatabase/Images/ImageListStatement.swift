import ImageModel

/// Builds the statement that answers ``ImagesFacet/list(_:)``.
///
/// Who sees what, the filters and the paging are those of the Images API's "List images" as Glance carries it out. What it
/// costs does not depend on how many images there are, but on how many the viewer may see:
///
/// * A *walk* goes through images in the order of the page and stops when it is full. There is one for each way to see an
///   image (its owner's, everybody's, a member's), each along an index of its own; their first images are put together.
/// * A *find* begins with the images that a filter leaves, where these are few. Which of the two it is, is decided by counting,
///   within the statement: no planner knows whether a tag is rare.
/// * An *attempt* comes before both where filters leave more images than some pages hold: it looks through the first images that
///   the viewer sees, so many and no more. Mostly they fill the page, and nothing else is done.
struct ImageListStatement {
    private let query: ImageQuery
    private let dialect: any SQLDialect
    private let keys: [ImageQuery.Sort]
    private var builder = StatementBuilder()
    /// Common table expressions.
    private var tables: [String] = []
    /// The images that one filter leaves: the name of a common table expression, and the condition of the filter, which may be a
    /// ``probe(_:)``.
    private var hits: [(table: String, condition: String, isProbe: Bool)] = []
    /// What holds for every image of the list, but for who may see it.
    private var common: [String] = []
    /// The parameter that is the viewer's project.
    private var owner: String?

    /// Up to so many hits are found and sorted; among more, walking finds a page sooner.
    private let mostHits: Int

    init(_ query: ImageQuery, _ dialect: any SQLDialect, mostHits: Int = 1000) {
        self.query = query
        self.dialect = dialect
        self.mostHits = mostHits
        keys = Self.totalOrder(query.sort)
        owner = query.viewer.project.map { builder.bind(.text($0)) }
        if let marker = query.marker {
            let columns = keys.map(\.column.rawValue).joined(separator: ", ")
            // It may be deleted since it ended a page: what comes after it is still the rest.
            tables.append(
                "marker AS (SELECT \(columns) FROM images i WHERE i.id = \(builder.bind(.text(marker))) AND \(reachable()))"
            )
        }
        collectConditions()
    }

    /// The statement; its result is for ``ImageRows/decode(_:)``.
    func build() -> Statement {
        let rows = ImageRows(dialect, LocationRows(cipher: nil))
        let attempt = attempt()
        let branches = finds() + walks(manyHits() + common)
        var tables = tables
        if branches.count == 1 {
            tables.append(
                "page AS (SELECT \(rows.columns), row_number() OVER (ORDER BY \(order())) AS place FROM \(cut(branches[0])) LIMIT \(limit))"
            )
        } else {
            var parts = parts(branches.map { $0.and(attempt == nil ? [] : ["NOT \(isFull)"]) }, limit)
            if let attempt {
                tables += attempt
                parts.insert("SELECT \(idAndKeys) FROM attempt WHERE \(isFull)", at: 0)
            }
            let order = order("part")
            tables += [
                "part AS (\(parts.joined(separator: " UNION ALL ")))",
                "top AS (SELECT id AS top_id, row_number() OVER (ORDER BY \(order)) AS place FROM part ORDER BY \(order) LIMIT \(limit))",
                "page AS (SELECT \(rows.columns), place FROM \(dialect.lookUp("images", where: "i.id = top_id", forEachOf: "top")))",
            ]
        }
        var builder = builder
        builder.append("WITH \(tables.joined(separator: ", "))")
        builder.append(rows.selection(marker: query.marker != nil))
        return builder.statement
    }

    private var limit: Int { max(0, query.limit) }

    private func order(_ table: String = "i") -> String {
        keys.map { "\(table).\($0.column.rawValue) \($0.isDescending ? "DESC" : "ASC")" }.joined(separator: ", ")
    }

    /// Images `i` for which conditions hold.
    private struct Branch {
        /// What stands after FROM, with a first condition.
        var source: String
        var conditions: [String]

        func and(_ others: [String]) -> Branch { Branch(source: source, conditions: others + conditions) }
    }

    /// The images of a branch, in order.
    private func cut(_ branch: Branch) -> String {
        "\(([branch.source] + branch.conditions).joined(separator: " AND ")) ORDER BY \(order())"
    }

    /// The first images of each branch, as far as their order needs them.
    private func parts(_ branches: [Branch], _ count: Int) -> [String] {
        // Most projects have few images, so few are expected of one that has very many. There are as many as an administrator sees.
        let limit = query.viewer.isAdmin ? "LIMIT \(count)" : dialect.unknownLimit(count)
        return branches.enumerated().map { number, branch in
            "SELECT \(idAndKeys) FROM (SELECT \(idAndKeys) FROM \(cut(branch)) \(limit)) part\(number)"
        }
    }

    private var idAndKeys: String {
        (["id"] + keys.map(\.column.rawValue).filter { $0 != "id" }).joined(separator: ", ")
    }

    /// The order asked for, made total by `id` where it does not have it.
    static func totalOrder(_ sort: [ImageQuery.Sort]) -> [ImageQuery.Sort] {
        var keys: [ImageQuery.Sort] = []
        for key in sort + [.init(.id, descending: true)] where !keys.contains(where: { $0.column == key.column }) {
            keys.append(key)
        }
        return keys
    }

    // MARK: Ways to the images

    /// Common table expressions that look through the first images that the viewer sees, for those for which the filters hold; nil
    /// where that is no bounded work, or a find is less of it.
    ///
    /// Twenty times as many images as the page has, if each filter leaves more than eight times as many: finding and sorting these
    /// costs as much.
    private func attempt() -> [String]? {
        let (least, most) = (8 * limit, 20 * limit)
        // Any other condition might leave out very many images before the first of them.
        guard !hits.isEmpty, common.count == everyList.count + hits.count, hits.allSatisfy(\.isProbe), isOrderedByIndex,
            least <= mostHits
        else { return nil }
        let often = hits.map {
            "(SELECT count(*) FROM (SELECT 1 FROM \($0.table) LIMIT \(least + 1)) enough) > \(least)"
        }
        let conditions = often + hits.map(\.condition)
        return [
            "seen AS (\(parts(walks(everyList), most).joined(separator: " UNION ALL ")))",
            """
            attempt AS (SELECT \(idAndKeys) FROM (SELECT \(idAndKeys) FROM seen ORDER BY \(order("seen")) LIMIT \(most)) i \
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(order()) LIMIT \(limit))
            """,
        ]
    }

    private var isFull: String { "(\(count("attempt")) = \(limit))" }

    /// Whether there is an index for each way to see an image that has them in the order of the list.
    private var isOrderedByIndex: Bool {
        guard !query.isHidden, query.visibility == nil else { return false }
        return switch keys.first?.column {
        case .createdAt, .name, .size: true
        case .updatedAt: query.viewer.isAdmin
        default: false
        }
    }

    /// The branches that begin with the hits of a filter, if these are few: the first such filter's.
    private func finds() -> [Branch] {
        let seen = sight() + behindMarker()
        return hits.indices.map { index in
            let (table, condition, _) = hits[index]
            let few = hits[..<index].map { "\(count($0.table)) > \(mostHits)" } + ["\(count(table)) <= \(mostHits)"]
            // All of them fulfil this filter.
            let others = common.filter { $0 != condition }
            // Nothing keeps an image from having a tag twice.
            let source = dialect.lookUp(
                "images", where: "i.id = hit.image_id", forEachOf: "(SELECT DISTINCT image_id FROM \(table)) hit")
            return Branch(source: source, conditions: few + others + seen)
        }
    }

    private func manyHits() -> [String] { hits.map { "\(count($0.table)) > \(mostHits)" } }

    /// The branches that go along an index.
    private func walks(_ conditions: [String]) -> [Branch] {
        let ways = query.viewer.isAdmin ? [sight()] : waysToSee().map { [$0] }
        return ways.flatMap { way in
            behindMarkerByIndex().map { Branch(source: "images i WHERE true", conditions: conditions + way + $0) }
        }
    }

    private func count(_ hits: String) -> String { "(SELECT count(*) FROM \(hits))" }

    // MARK: Who sees what

    /// Who may see an image, in one condition, and which of these the query asks for.
    private func sight() -> [String] {
        var result: [String] = []
        let isOwn = owner.map { "i.owner = \($0)" }
        if !query.viewer.isAdmin {
            let ways = ["i.visibility IN ('public', 'community')"] + [isOwn, membership()].compactMap { $0 }
            result.append("(\(ways.joined(separator: " OR ")))")
        }
        if let visibility = query.visibility {
            result.append("i.visibility = '\(visibility.rawValue)'")
        } else if !query.includesCommunity {
            result.append(
                "(\((["i.visibility <> 'community'"] + (isOwn.map { [$0] } ?? [])).joined(separator: " OR ")))")
        }
        return result
    }

    /// The same for one who is no administrator as conditions of which at most one holds for an image, so that an index
    /// leads through each.
    private func waysToSee() -> [String] {
        func everybodys(_ visibility: Visibility) -> String {
            dialect.isOne("i.visibility", visibility.rawValue, among: AddedIndex.shown)
        }
        guard let owner, let membership = membership() else {
            switch query.visibility {
            case .public?: return [everybodys(.public)]
            case .community?: return [everybodys(.community)]
            case .private?, .shared?: return ["false"]
            case nil: return [everybodys(.public)] + (query.includesCommunity ? [everybodys(.community)] : [])
            }
        }
        let own = "i.owner = \(owner)"
        let foreign = "(i.owner IS NULL OR i.owner <> \(owner))"
        switch query.visibility {
        case .public?: return [everybodys(.public)]
        case .community?: return [everybodys(.community)]
        case .private?: return ["\(own) AND i.visibility = 'private'"]
        case .shared?: return ["\(own) AND i.visibility = 'shared'", "\(foreign) AND \(membership)"]
        case nil:
            let communities = query.includesCommunity ? ["\(foreign) AND \(everybodys(.community))"] : []
            return [own, "\(foreign) AND \(everybodys(.public))", "\(foreign) AND \(membership)"] + communities
        }
    }

    /// The image is shared with the viewer's project.
    private func membership() -> String? {
        guard let owner else { return nil }
        let status = query.memberStatus.map { " AND m.status = '\($0.rawValue)'" } ?? ""
        return """
            i.visibility = 'shared' AND i.id IN (SELECT m.image_id FROM image_members m WHERE m.member = \(owner)\(status) \
            AND NOT m.deleted)
            """
    }

    /// Who reaches an image by its id, the same as ``Image/isVisible(toProject:isAdmin:)``, or did so until it was deleted:
    /// its members were deleted with it.
    private func reachable() -> String {
        if query.viewer.isAdmin { return "true" }
        let anybodys = "i.owner IS NULL OR i.visibility IN ('public', 'community')"
        guard let owner else { return "(\(anybodys))" }
        return """
            (\(anybodys) OR i.owner = \(owner) OR (i.visibility = 'shared' AND EXISTS (SELECT 1 FROM image_members m \
            WHERE m.image_id = i.id AND m.member = \(owner) \
            AND (NOT m.deleted OR (i.deleted AND m.deleted_at >= i.deleted_at)))))
            """
    }

    // MARK: Filters

    /// What holds for every image of any list.
    private var everyList: [String] {
        [
            "NOT i.deleted", "i.status NOT IN ('killed', 'deleted', 'pending_delete')",
            "i.os_hidden = \(query.isHidden ? "true" : "false")",
        ]
    }

    private mutating func collectConditions() {
        common = everyList
        for filter in query.filters { collectCondition(filter) }
        collectTags()
        collectProperties()
    }

    /// The condition of a filter on a column of the image.
    private mutating func collectCondition(_ filter: ImageQuery.Filter) {
        switch filter {
        case .oneOf(let column, let values):
            guard !values.isEmpty else { return common.append("false") }
            let places = values.map { builder.bind(.text($0)) }.joined(separator: ", ")
            // Visibility may be an enumeration, which knows no other text.
            let name = column == .visibility ? dialect.text("i.visibility") : "i.\(column.rawValue)"
            common.append("\(name) IN (\(places))")
        case .integer(let column, let comparison, let value):
            collectComparison(column, comparison, .integer(value))
        case .time(let column, let comparison, let value):
            collectComparison(column, comparison, .time(value))
        case .isProtected(let value):
            common.append("i.protected = \(value ? "true" : "false")")
        case .tag, .property:
            break
        }
    }

    private mutating func collectComparison(
        _ column: ImageQuery.Column, _ comparison: ImageQuery.Comparison, _ value: SQLValue
    ) {
        let condition = "i.\(column.rawValue) \(comparison.sql) \(builder.bind(value))"
        common.append(condition)
        // An index that gives the order knows the range, too.
        let isIndexed = [.size, .createdAt, .updatedAt].contains(column) && keys.first?.column != column
        guard isIndexed, comparison != .notEqual else { return }
        addHits(
            "SELECT i.id AS image_id FROM images i WHERE NOT i.deleted AND \(condition) ORDER BY i.\(column.rawValue)",
            of: condition, isProbe: false)
    }

    /// - Parameter selection: in the order of an index, without which a database may read the whole table to find out that there is
    ///   nothing.
    private mutating func addHits(_ selection: String, of condition: String, isProbe: Bool = true) {
        let table = "hits\(hits.count + 1)"
        hits.append((table, condition, isProbe))
        tables.append("\(table) AS (\(selection) LIMIT \(mostHits + 1))")
    }

    // A few tags or properties are a condition each, so that the database can walk through the images in order and stop when
    // the page is full. So many of them that the planner's work would grow are one sub-select.

    private static let mostConditions = 4

    /// The image has all the tags of the filters.
    private mutating func collectTags() {
        let tags = query.filters.compactMap { if case .tag(let tag) = $0 { tag } else { nil } }
            .unique { Array($0.utf8) }
        let places = tags.map { builder.bind(.text($0)) }
        guard tags.count > Self.mostConditions else {
            for place in places {
                let condition = "\(dialect.isSame("t.value", place)) AND NOT t.deleted"
                let probe = Self.probe("image_tags t WHERE t.image_id = i.id AND \(condition)")
                common.append(probe)
                addHits("SELECT t.image_id FROM image_tags t WHERE \(condition) ORDER BY t.image_id", of: probe)
            }
            return
        }
        tables.append(
            """
            tagged AS (SELECT t.image_id FROM image_tags t WHERE \(dialect.isOneOf(["t.value"], places.map { [$0] })) \
            AND NOT t.deleted GROUP BY t.image_id HAVING count(DISTINCT t.value) = \(tags.count))
            """)
        common.append("i.id IN (SELECT image_id FROM tagged)")
    }

    /// The image has all the properties of the filters, of which it has one of a name.
    private mutating func collectProperties() {
        let properties = query.filters.compactMap {
            if case .property(let name, let value) = $0 { (name: name, value: value) } else { nil }
        }.unique { [Array($0.name.utf8), Array($0.value.utf8)] }
        let places = properties.map { [builder.bind(.text($0.name)), builder.bind(.text($0.value))] }
        let columns = ["p.name", "p.value"]
        guard properties.count > Self.mostConditions else {
            for (property, place) in zip(properties, places) {
                let condition = "\(dialect.isOneOf(columns, [place])) AND NOT p.deleted"
                let probe = Self.probe("image_properties p WHERE p.image_id = i.id AND \(condition)")
                common.append(probe)
                guard property.value.unicodeScalars.count <= AddedIndex.longestProperty else { continue }
                addHits(
                    """
                    SELECT p.image_id FROM image_properties p WHERE \(condition) AND \(AddedIndex.isShortProperty("p.")) \
                    ORDER BY p.image_id
                    """,
                    of: probe)
            }
            return
        }
        tables.append(
            """
            described AS (SELECT p.image_id FROM image_properties p WHERE \(dialect.isOneOf(columns, places)) \
            AND NOT p.deleted GROUP BY p.image_id HAVING count(*) = \(properties.count))
            """)
        common.append("i.id IN (SELECT image_id FROM described)")
    }

    /// Whether there is a row, asked for each image that a walk comes to. Without the offset a planner would make a join of it,
    /// with all rows that there are.
    private static func probe(_ source: String) -> String { "EXISTS (SELECT 1 FROM \(source) LIMIT 1 OFFSET 0)" }

    // MARK: Paging

    /// True for what comes after the marker.
    private func behindMarker() -> [String] {
        if query.marker == nil { return [] }
        var alternatives: [String] = []
        var equal: [String] = []
        for key in keys {
            let own = "i.\(key.column.rawValue)"
            let other = Self.marker(key)
            let isNullable = key.column.isNullable
            var behind = "\(own) \(key.isDescending ? "<" : ">") \(other)"
            if isNullable {
                behind =
                    nullsComeLast(key)
                    ? "(\(behind) OR (\(own) IS NULL AND \(other) IS NOT NULL))"
                    : "(\(behind) OR (\(own) IS NOT NULL AND \(other) IS NULL))"
            }
            alternatives.append("(\((equal + [behind]).joined(separator: " AND ")))")
            equal.append(
                isNullable ? "(\(own) = \(other) OR (\(own) IS NULL AND \(other) IS NULL))" : "\(own) = \(other)")
        }
        let condition = "(\(alternatives.joined(separator: " OR ")))"
        guard let first = keys.first, !first.column.isNullable else { return [condition] }
        // Says the same once more in a way that an index on the first key can use.
        return [Self.notBefore(first), condition]
    }

    /// The same as conditions of which at most one holds for an image, so that an index on the first key leads through each:
    /// nulls stand at one end of it.
    private func behindMarkerByIndex() -> [[String]] {
        let behind = behindMarker()
        guard query.marker != nil, let first = keys.first, first.column.isNullable else { return [behind] }
        let own = "i.\(first.column.rawValue)"
        let parts = [[Self.notBefore(first)] + behind, ["\(own) IS NULL"] + behind]
        return nullsComeLast(first) ? parts : parts + [["\(Self.marker(first)) IS NULL", "\(own) IS NOT NULL"]]
    }

    private static func marker(_ key: ImageQuery.Sort) -> String { "(SELECT \(key.column.rawValue) FROM marker)" }

    /// The image has the marker's value or one that comes after it; null is none.
    private static func notBefore(_ key: ImageQuery.Sort) -> String {
        "i.\(key.column.rawValue) \(key.isDescending ? "<=" : ">=") \(marker(key))"
    }

    /// Nulls stand at one end of the order: which one depends on the database and the direction.
    private func nullsComeLast(_ key: ImageQuery.Sort) -> Bool { dialect.nullsAreSmallest == key.isDescending }
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
