public import TextCoding

extension LimitsFacet {
    /// How many times the mirror of limits has changed, and when it was last refreshed. Nil when it was never filled.
    public func mirrorState() async throws(DatabaseError) -> (generation: Int64, refreshedAt: Timestamp)? {
        let rows = try await session.read(
            Statement("SELECT generation, refreshed_at FROM glance_limit_mirror WHERE id = 1"))[0]
        guard rows.count > 0 else { return nil }
        let row = rows[0]
        return (try row.required(row.integer(0), 0), try row.required(row.time(1), 1))
    }

    /// The whole mirror of limits. Nil when it was never filled.
    public func mirror() async throws(DatabaseError) -> StoredLimitMirror? {
        // One transaction of its own for each, so the generation is asked for before and after.
        while true {
            let results = try await session.read(
                Statement("SELECT model, generation, refreshed_at FROM glance_limit_mirror WHERE id = 1"),
                Statement("SELECT scope_id, resource_name, value FROM glance_limits"),
                Statement("SELECT project_id, root_id FROM glance_limit_members"))
            guard let stored = try Self.storedMirror(results) else { return nil }
            guard try await mirrorState()?.generation == stored.generation else { continue }
            return stored
        }
    }

    /// The part of the mirror that counts for some projects: registered limits, their own, and those of their domains.
    /// Nil when the mirror was never filled.
    ///
    /// What it holds may be newer than its generation says, never older: so it can be given to
    /// ``storeMirror(_:over:at:)``, with a part of the same scope.
    /// - Parameter projects: a few; each number of them is a statement of its own.
    public func mirror(of projects: [String]) async throws(DatabaseError) -> StoredLimitMirror? {
        // Registered limits have the scope "".
        let ids = ([""] + projects).map { SQLValue.text($0) }
        let places = (1...ids.count).map { "$\($0)" }.joined(separator: ", ")
        return try Self.storedMirror(
            try await session.read(
                Statement("SELECT model, generation, refreshed_at FROM glance_limit_mirror WHERE id = 1"),
                Statement(
                    """
                    SELECT scope_id, resource_name, value FROM glance_limits WHERE scope_id IN (\(places)) \
                    OR scope_id IN (SELECT root_id FROM glance_limit_members WHERE project_id IN (\(places)))
                    """, ids),
                Statement("SELECT project_id, root_id FROM glance_limit_members WHERE project_id IN (\(places))", ids)))
    }

    /// From the rows of the mirror's head, of limits, and of members; nil without a head.
    private static func storedMirror(_ results: [Rows]) throws(DatabaseError) -> StoredLimitMirror? {
        guard results[0].count > 0 else { return nil }
        let head = results[0][0]
        var mirror = LimitMirror(model: try head.required(head.text(0), 0))
        for index in 0..<results[1].count {
            let row = results[1][index]
            let scope = try row.required(row.text(0), 0)
            guard let resource = row.text(1).flatMap(LimitedResource.init) else { continue }
            let value = try row.required(row.integer(2), 2)
            if scope.isEmpty {
                mirror.defaults[resource] = value
            } else {
                mirror.own[LimitMirror.Scope(id: scope, resource: resource)] = value
            }
        }
        for index in 0..<results[2].count {
            let row = results[2][index]
            mirror.roots[try row.required(row.text(0), 0)] = try row.required(row.text(1), 1)
        }
        return StoredLimitMirror(
            mirror: mirror, generation: try head.required(head.integer(1), 1),
            refreshedAt: try head.required(head.time(2), 2))
    }

    /// Replaces the mirror in one transaction; writes only what differs, and only the time when nothing does.
    ///
    /// - Parameter stored: what ``mirror()`` gave before Keystone was asked.
    /// - Throws: ``DatabaseError/conflict`` when another node has changed the mirror since then: what the caller knows of
    ///   Keystone may be older, so it has to ask again.
    public func storeMirror(
        _ mirror: LimitMirror, over stored: StoredLimitMirror?, at now: Timestamp = .now
    ) async throws(DatabaseError) -> StoredLimitMirror {
        let isChanged = stored?.mirror != mirror
        let generation = (stored?.generation ?? 0) + (isChanged ? 1 : 0)
        var statements: [Statement]
        if let stored {
            statements = [
                Statement(
                    """
                    UPDATE glance_limit_mirror SET model = $1, generation = $2, refreshed_at = $3 \
                    WHERE id = 1 AND generation = $4
                    """, [.text(mirror.model), .integer(generation), .time(now), .integer(stored.generation)],
                    required: .conflict)
            ]
        } else {
            statements = [
                Statement(
                    "INSERT INTO glance_limit_mirror (id, model, generation, refreshed_at) VALUES (1, $1, $2, $3)",
                    [.text(mirror.model), .integer(generation), .time(now)])
            ]
        }
        if isChanged { statements += changes(from: stored?.mirror ?? LimitMirror(model: ""), to: mirror) }
        do {
            try await session.write(statements)
        } catch .duplicate {
            throw .conflict
        }
        return StoredLimitMirror(mirror: mirror, generation: generation, refreshedAt: now)
    }

    private func changes(from old: LimitMirror, to new: LimitMirror) -> [Statement] {
        func rows(_ mirror: LimitMirror) -> [LimitMirror.Scope: Int64] {
            var rows = mirror.own
            for (resource, value) in mirror.defaults { rows[LimitMirror.Scope(id: "", resource: resource)] = value }
            return rows
        }
        let dialect = session.dialect
        let (oldRows, newRows) = (rows(old), rows(new))
        var statements: [Statement] = []
        for scope in oldRows.keys where newRows[scope] == nil {
            statements.append(
                Statement(
                    "DELETE FROM glance_limits WHERE scope_id = $1 AND resource_name = $2",
                    [.text(scope.id), .text(scope.resource.rawValue)]))
        }
        for (scope, value) in newRows where oldRows[scope] != value {
            statements.append(
                Statement(
                    dialect.upsert(
                        SQLInsertion(
                            into: "glance_limits", ["scope_id", "resource_name", "value"], "VALUES ($1, $2, $3)",
                            key: ["scope_id", "resource_name"]), replacing: ["value"], setting: []),
                    [.text(scope.id), .text(scope.resource.rawValue), .integer(value)]))
        }
        for project in old.roots.keys where new.roots[project] == nil {
            statements.append(Statement("DELETE FROM glance_limit_members WHERE project_id = $1", [.text(project)]))
        }
        for (project, root) in new.roots where old.roots[project] != root {
            statements.append(
                Statement(
                    dialect.upsert(
                        SQLInsertion(
                            into: "glance_limit_members", ["project_id", "root_id"], "VALUES ($1, $2)",
                            key: ["project_id"]), replacing: ["root_id"], setting: []), [.text(project), .text(root)]))
        }
        return statements
    }
}
