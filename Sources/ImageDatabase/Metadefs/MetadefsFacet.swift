import JSON
import TextCoding

/// Metadata definitions: Glance's tables `metadef_…`.
public struct MetadefsFacet: Sendable {
    let session: DatabaseSession

    // MARK: Namespaces

    /// Which namespaces a list is to have.
    public struct Filter: Sendable {
        /// Who looks; nil sees all.
        public var project: String??
        public var visibility: String?
        /// Names of resource types, of which the namespace must have one.
        public var resourceTypes: [String] = []

        /// - Parameter project: nil for administrators, who see all; a caller without a project sees public ones.
        public init(project: String??) { self.project = project }
    }

    /// One page.
    ///
    /// - Throws: ``DatabaseError/markerNotFound``.
    public func namespaces(
        _ filter: Filter, _ page: MetadefPage
    ) async throws(DatabaseError) -> [MetadefNamespace] {
        var query = StatementBuilder()
        query.append("SELECT \(MetadefNamespace.columns) FROM metadef_namespaces n WHERE 1 = 1")
        if let project = filter.project {
            let own = project.map { " OR n.owner = \(query.bind(.text($0)))" } ?? ""
            query.append(" AND (n.visibility = 'public'\(own))")
        }
        if let visibility = filter.visibility {
            query.append(" AND \(Self.visibility("n")) = \(query.bind(.text(visibility)))")
        }
        if !filter.resourceTypes.isEmpty {
            let names = filter.resourceTypes.map { query.bind(.text($0)) }.joined(separator: ", ")
            query.append(
                """
                 AND EXISTS (SELECT 1 FROM metadef_namespace_resource_types a JOIN metadef_resource_types r \
                ON r.id = a.resource_type_id WHERE a.namespace_id = n.id AND r.name IN (\(names)))
                """)
        }
        let last = "(SELECT KEY, m.id FROM metadef_namespaces m WHERE m.namespace = $M)"
        if let marker = page.marker, try await namespace(marker) == nil { throw .markerNotFound }
        Self.append(page, name: "namespace", table: "n", last: last, to: &query)
        var found: [MetadefNamespace] = []
        let rows = try await session.read(query.statement)[0]
        for index in 0..<rows.count { found.append(try MetadefNamespace(rows[index])) }
        return found
    }

    public func namespace(_ name: String) async throws(DatabaseError) -> MetadefNamespace? {
        let rows = try await session.read(
            Statement(
                "SELECT \(MetadefNamespace.columns) FROM metadef_namespaces n WHERE n.namespace = $1",
                [.text(name)]))[0]
        return rows.count > 0 ? try MetadefNamespace(rows[0]) : nil
    }

    /// Writes a namespace with its contents, in one transaction.
    ///
    /// - Throws: ``DatabaseError/duplicate``.
    public func insert(
        _ namespace: MetadefNamespace, _ contents: MetadefContents
    ) async throws(DatabaseError) {
        var statements = [
            Statement(
                """
                INSERT INTO metadef_namespaces (namespace, display_name, description, visibility, protected, owner, \
                created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
                """,
                [
                    .text(namespace.name), .text(namespace.displayName), .text(namespace.description),
                    .text(namespace.visibility), .bool(namespace.isProtected), .text(namespace.owner),
                    .time(namespace.createdAt),
                ])
        ]
        for (kind, entries) in [
            (MetadefEntry.Kind.object, contents.objects), (.property, contents.properties), (.tag, contents.tags),
        ] {
            for entry in entries { statements.append(Self.insertion(entry, kind, namespace.name)) }
        }
        for association in contents.associations { statements += insertion(association, namespace.name) }
        try await session.write(statements)
    }

    /// Changes a namespace that is called `name` so far.
    ///
    /// - Throws: ``DatabaseError/duplicate`` when the new name is taken; ``DatabaseError/notFound``.
    public func update(_ name: String, to namespace: MetadefNamespace) async throws(DatabaseError) {
        try await session.write([
            Statement(
                """
                UPDATE metadef_namespaces SET namespace = $1, display_name = $2, description = $3, visibility = $4, \
                protected = $5, owner = $6, updated_at = $7 WHERE namespace = $8
                """,
                [
                    .text(namespace.name), .text(namespace.displayName), .text(namespace.description),
                    .text(namespace.visibility), .bool(namespace.isProtected), .text(namespace.owner),
                    .time(namespace.updatedAt), .text(name),
                ], required: .notFound)
        ])
    }

    /// Removes a namespace with all that is in it, unless it has been protected meanwhile.
    ///
    /// - Throws: ``DatabaseError/conflict`` when it has.
    public func delete(
        _ namespace: MetadefNamespace, evenProtected: Bool = false
    ) async throws(DatabaseError) {
        let id = SQLValue.integer(namespace.id)
        let children = MetadefEntry.Kind.allCases.map(\.table) + ["metadef_namespace_resource_types"]
        try await session.write(
            [
                Statement(
                    "SELECT id FROM metadef_namespaces WHERE id = $1 AND (protected = $2 OR $3)",
                    [id, .bool(false), .bool(evenProtected)], required: .conflict, locksRows: true)
            ] + children.map { Statement("DELETE FROM \($0) WHERE namespace_id = $1", [id]) } + [
                Statement("DELETE FROM metadef_namespaces WHERE id = $1", [id])
            ])
    }

    /// Everything that is in a namespace, read at once: objects in the order in which they were made, the rest newest first.
    public func contents(of namespace: MetadefNamespace) async throws(DatabaseError) -> MetadefContents {
        let rows = try await session.read(
            Self.selection(.object, of: namespace, MetadefPage(isAscending: true)),
            Self.selection(.property, of: namespace, MetadefPage()),
            Self.selection(.tag, of: namespace, MetadefPage()), Self.selectionOfAssociations([namespace]))
        var contents = MetadefContents()
        contents.objects = try Self.entries(rows[0])
        contents.properties = try Self.entries(rows[1])
        contents.tags = try Self.entries(rows[2])
        contents.associations = try Self.associations(rows[3], from: 1)
        return contents
    }

    // MARK: Objects, properties, tags

    /// One page of a namespace's entries.
    ///
    /// - Throws: ``DatabaseError/markerNotFound``.
    public func entries(
        _ kind: MetadefEntry.Kind, of namespace: MetadefNamespace, _ page: MetadefPage = MetadefPage()
    ) async throws(DatabaseError) -> [MetadefEntry] {
        if let marker = page.marker, try await entry(kind, marker, of: namespace) == nil { throw .markerNotFound }
        return try Self.entries(try await session.read(Self.selection(kind, of: namespace, page))[0])
    }

    private static func selection(
        _ kind: MetadefEntry.Kind, of namespace: MetadefNamespace, _ page: MetadefPage
    ) -> Statement {
        var query = StatementBuilder()
        query.append("SELECT \(columns(kind)) FROM \(kind.table) e")
        let id = query.bind(.integer(namespace.id))
        query.append(" WHERE e.namespace_id = \(id)")
        let last = "(SELECT KEY, m.id FROM \(kind.table) m WHERE m.namespace_id = \(id) AND m.name = $M)"
        append(page, name: "name", table: "e", last: last, to: &query)
        return query.statement
    }

    public func entry(
        _ kind: MetadefEntry.Kind, _ name: String, of namespace: MetadefNamespace
    ) async throws(DatabaseError) -> MetadefEntry? {
        let rows = try await session.read(
            Statement(
                "SELECT \(Self.columns(kind)) FROM \(kind.table) e WHERE e.namespace_id = $1 AND e.name = $2",
                [.integer(namespace.id), .text(name)]))[0]
        return try Self.entries(rows).first
    }

    /// Adds entries, in one transaction.
    ///
    /// - Parameter replacing: removes all others of the kind before.
    /// - Throws: ``DatabaseError/duplicate``.
    public func add(
        _ entries: [MetadefEntry], _ kind: MetadefEntry.Kind, to namespace: MetadefNamespace, replacing: Bool = false
    ) async throws(DatabaseError) {
        var statements: [Statement] = []
        if replacing {
            statements.append(
                Statement("DELETE FROM \(kind.table) WHERE namespace_id = $1", [.integer(namespace.id)]))
        }
        for entry in entries { statements.append(Self.insertion(entry, kind, namespace.name)) }
        try await session.write(statements)
    }

    /// Changes the entry that is called `name` so far.
    ///
    /// - Throws: ``DatabaseError/duplicate`` when the new name is taken; ``DatabaseError/notFound``.
    public func update(
        _ kind: MetadefEntry.Kind, _ name: String, of namespace: MetadefNamespace, to entry: MetadefEntry
    ) async throws(DatabaseError) {
        var query = StatementBuilder()
        query.append("UPDATE \(kind.table) SET name = \(query.bind(.text(entry.name)))")
        query.append(", updated_at = \(query.bind(.time(entry.updatedAt)))")
        if kind != .tag { query.append(", json_schema = \(query.bind(.text(JSONWriter.text(of: entry.schema))))") }
        if kind == .object {
            query.append(", description = \(query.bind(.text(entry.description)))")
            query.append(", required = \(query.bind(.text(entry.required?.joined(separator: ","))))")
        }
        query.append(" WHERE namespace_id = \(query.bind(.integer(namespace.id)))")
        query.append(" AND name = \(query.bind(.text(name)))")
        var statement = query.statement
        statement.required = .notFound
        try await session.write([statement])
    }

    /// Removes one entry, or all of a kind.
    ///
    /// - Throws: ``DatabaseError/notFound`` when there is none of that name.
    public func remove(
        _ kind: MetadefEntry.Kind, _ name: String?, of namespace: MetadefNamespace
    ) async throws(DatabaseError) {
        var query = StatementBuilder()
        query.append("DELETE FROM \(kind.table) WHERE namespace_id = \(query.bind(.integer(namespace.id)))")
        if let name { query.append(" AND name = \(query.bind(.text(name)))") }
        var statement = query.statement
        if name != nil { statement.required = .notFound }
        try await session.write([statement])
    }

    // MARK: Resource types

    /// All resource types, with the times of their rows.
    public func resourceTypes() async throws(DatabaseError) -> [MetadefAssociation] {
        let rows = try await session.read(
            Statement(
                "SELECT name, NULL, NULL, created_at, updated_at FROM metadef_resource_types ORDER BY created_at, id"))[
                0]
        return try Self.associations(rows, from: 0)
    }

    /// The associations of namespaces, by row id.
    public func associations(
        of namespaces: [MetadefNamespace]
    ) async throws(DatabaseError) -> [Int64: [MetadefAssociation]] {
        guard !namespaces.isEmpty else { return [:] }
        let rows = try await session.read(Self.selectionOfAssociations(namespaces))[0]
        let all = try Self.associations(rows, from: 1)
        var found: [Int64: [MetadefAssociation]] = [:]
        for index in 0..<rows.count { found[try rows[index].integer(0) ?? 0, default: []].append(all[index]) }
        return found
    }

    /// - Parameter namespaces: at least one.
    private static func selectionOfAssociations(_ namespaces: [MetadefNamespace]) -> Statement {
        var query = StatementBuilder()
        query.append(
            """
            SELECT a.namespace_id, r.name, a.prefix, a.properties_target, a.created_at, a.updated_at \
            FROM metadef_namespace_resource_types a JOIN metadef_resource_types r ON r.id = a.resource_type_id \
            WHERE a.namespace_id IN (\(namespaces.map { query.bind(.integer($0.id)) }.joined(separator: ", "))) \
            ORDER BY a.created_at, r.name
            """)
        return query.statement
    }

    /// Says that a namespace applies to a type, which is made if there is none of the name.
    ///
    /// - Throws: ``DatabaseError/duplicate``.
    public func associate(
        _ association: MetadefAssociation, with namespace: MetadefNamespace
    ) async throws(DatabaseError) {
        try await session.write(insertion(association, namespace.name))
    }

    /// - Throws: ``DatabaseError/notFound``.
    public func dissociate(_ name: String, from namespace: MetadefNamespace) async throws(DatabaseError) {
        try await session.write([
            Statement(
                """
                DELETE FROM metadef_namespace_resource_types WHERE namespace_id = $1 AND resource_type_id IN \
                (SELECT id FROM metadef_resource_types WHERE name = $2)
                """, [.integer(namespace.id), .text(name)], required: .notFound)
        ])
    }

    // MARK: Parts

    private static func insertion(
        _ entry: MetadefEntry, _ kind: MetadefEntry.Kind, _ namespace: String
    ) -> Statement {
        var query = StatementBuilder()
        var columns = ["name", "created_at", "updated_at"]
        let time = query.bind(.time(entry.createdAt))
        var values = [query.bind(.text(entry.name)), time, time]
        if kind != .tag {
            columns.append("json_schema")
            values.append(query.bind(.text(JSONWriter.text(of: entry.schema))))
        }
        if kind == .object {
            columns += ["description", "required"]
            values += [
                query.bind(.text(entry.description)), query.bind(.text(entry.required?.joined(separator: ","))),
            ]
        }
        query.append("INSERT INTO \(kind.table) (namespace_id, \(columns.joined(separator: ", ")))")
        query.append(" SELECT n.id, \(values.joined(separator: ", ")) FROM metadef_namespaces n")
        query.append(" WHERE n.namespace = \(query.bind(.text(namespace)))")
        var statement = query.statement
        statement.required = .notFound
        return statement
    }

    private func insertion(_ association: MetadefAssociation, _ namespace: String) -> [Statement] {
        [
            Statement(
                session.dialect.insertIfAbsent(
                    SQLInsertion(
                        into: "metadef_resource_types", ["name", "protected", "created_at", "updated_at"],
                        "VALUES ($1, $2, $3, $3)", key: ["name"])),
                [.text(association.name), .bool(false), .time(association.createdAt)]),
            Statement(
                """
                INSERT INTO metadef_namespace_resource_types (resource_type_id, namespace_id, properties_target, prefix, \
                created_at, updated_at) SELECT r.id, n.id, $1, $2, $3, $3 FROM metadef_resource_types r, \
                metadef_namespaces n WHERE r.name = $4 AND n.namespace = $5
                """,
                [
                    .text(association.propertiesTarget), .text(association.prefix), .time(association.createdAt),
                    .text(association.name), .text(namespace),
                ], required: .notFound),
        ]
    }

    /// Order, and what comes after the marker. `last` selects the marker's key and id, with `KEY` and `$M` to be filled in.
    private static func append(
        _ page: MetadefPage, name: String, table: String, last: String, to query: inout StatementBuilder
    ) {
        // As it is shown: null has no place in an order.
        func key(_ table: String) -> String {
            switch page.sortKey {
            case .name: "\(table).\(name)"
            case .visibility: visibility(table)
            case .updatedAt: "COALESCE(\(table).updated_at, \(table).created_at)"
            case .createdAt, .owner, .protected: "\(table).\(page.sortKey.rawValue)"
            }
        }
        if let marker = page.marker {
            let row = last.replacing("KEY", with: key("m")).replacing("$M", with: query.bind(.text(marker)))
            query.append(" AND (\(key(table)), \(table).id) \(page.isAscending ? ">" : "<") \(row)")
        }
        let direction = page.isAscending ? "ASC" : "DESC"
        query.append(" ORDER BY \(key(table)) \(direction), \(table).id \(direction)")
        if let limit = page.limit { query.append(" LIMIT \(query.bind(.integer(limit)))") }
    }

    /// Of a namespace; Glance leaves it null where a file says nothing.
    private static func visibility(_ table: String) -> String { "COALESCE(\(table).visibility, 'private')" }

    private static func columns(_ kind: MetadefEntry.Kind) -> String {
        let schema = kind == .tag ? "NULL" : "e.json_schema"
        let object = kind == .object ? "e.description, e.required" : "NULL, NULL"
        return "e.name, \(schema), \(object), e.created_at, e.updated_at"
    }

    private static func entries(_ rows: Rows) throws(DatabaseError) -> [MetadefEntry] {
        var entries: [MetadefEntry] = []
        for index in 0..<rows.count {
            let row = rows[index]
            // A definition that cannot be read is shown as an empty one.
            var entry = MetadefEntry(
                name: try row.required(row.text(0), 0),
                schema: row.text(1).flatMap { try? JSONValue.parse($0.utf8) } ?? .object([:]), description: row.text(2),
                required: row.text(3).map { $0.split(separator: ",").map(String.init) })
            entry.createdAt = try row.required(row.time(4), 4)
            entry.updatedAt = try row.time(5) ?? entry.createdAt
            entries.append(entry)
        }
        return entries
    }

    private static func associations(_ rows: Rows, from column: Int) throws(DatabaseError) -> [MetadefAssociation] {
        var found: [MetadefAssociation] = []
        for index in 0..<rows.count {
            let row = rows[index]
            var association = MetadefAssociation(
                name: try row.required(row.text(column), column), prefix: row.text(column + 1),
                propertiesTarget: row.text(column + 2))
            association.createdAt = try row.required(row.time(column + 3), column + 3)
            association.updatedAt = try row.time(column + 4) ?? association.createdAt
            found.append(association)
        }
        return found
    }
}
