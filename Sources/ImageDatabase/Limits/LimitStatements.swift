/// The SQL of limits. What a project uses is always counted from the rows of its images and of its running uploads, so
/// it is right whoever wrote them, and is free again the moment they go.
///
/// A *scope* is a project, or the domain that its usage counts in as well.
struct LimitStatements {
    private let dialect: any SQLDialect

    init(_ dialect: any SQLDialect) { self.dialect = dialect }

    /// Keeps all other claims in the project's domain (in a flat model: in the project) away until the transaction ends.
    ///
    /// - Throws: (when run) ``DatabaseError/limitsUnknown`` while the mirror has never been filled.
    func lock(_ project: String) -> [Statement] {
        let key = "COALESCE((SELECT root_id FROM glance_limit_members WHERE project_id = $1), $1)"
        return [
            Statement(
                dialect.insertIfAbsent(
                    SQLInsertion(
                        into: "glance_limit_locks", ["scope_id"],
                        """
                        SELECT \(key) FROM glance_limit_mirror WHERE id = 1 \
                        AND NOT EXISTS (SELECT 1 FROM glance_limit_locks WHERE scope_id = \(key))
                        """, key: ["scope_id"])), [.text(project)]),
            Statement(
                "SELECT scope_id FROM glance_limit_locks WHERE scope_id = \(key)", [.text(project)],
                required: .limitsUnknown, locksRows: true),
        ]
    }

    /// Ends the transaction with ``DatabaseError/limitReached`` when a claim does not fit.
    func check(_ claim: LimitClaim) -> [Statement] {
        LimitedResource.allCases.compactMap { resource in
            claim.amounts[resource].map { amount in
                Statement(
                    """
                    SELECT 1\(dialect.noTable) WHERE NOT EXISTS (SELECT 1 FROM \(scopes(resource)) s \
                    WHERE s.lim >= 0 AND \(usage(resource)) + $2 > s.lim * \(resource.unit))
                    """, [.text(claim.projectID), .integer(amount)], required: .limitReached)
            }
        }
    }

    /// Adds up to `step` bytes to an upload's claim: what is left, when that is less. Then reads the claim, and whether the
    /// project is past its limit by now.
    ///
    /// - Parameters:
    ///   - need: bytes without which the upload cannot go on.
    ///   - mayPass: gives it what it needs even if less is left, unless the project is past its limit already.
    func extend(
        _ upload: UploadRecord, _ project: String, by step: Int64, need: Int64 = 0, mayPass: Bool = false
    ) -> [Statement] {
        let resource = LimitedResource.imageSizeTotal
        let left =
            "(SELECT MIN(s.lim * \(resource.unit) - \(usage(resource))) AS bytes FROM \(scopes(resource)) s WHERE s.lim >= 0)"
        return [
            Statement(
                """
                UPDATE glance_uploads SET claimed_bytes = COALESCE(claimed_bytes, 0) + (SELECT CASE \
                WHEN room.bytes IS NULL OR room.bytes >= $2 THEN $2 \
                WHEN room.bytes >= 0 AND room.bytes < $3\(mayPass ? "" : " AND 1 = 0") THEN $3 \
                WHEN room.bytes > 0 THEN room.bytes ELSE 0 END \
                FROM \(left) room) WHERE image_id = $4 AND upload_id = $5 AND host = $6 AND pid = $7 AND start_time = $8
                """,
                [
                    .text(project), .integer(step), .integer(need), .text(upload.imageID), .text(upload.uploadID),
                    .text(upload.process.host), .integer(Int64(upload.process.pid)),
                    .integer(upload.process.startTime),
                ], required: .conflict),
            Statement(
                """
                SELECT claimed_bytes, CASE WHEN \(left) < 0 THEN 1 ELSE 0 END FROM glance_uploads \
                WHERE image_id = $2 AND upload_id = $3
                """, [.text(project), .text(upload.imageID), .text(upload.uploadID)]),
        ]
    }

    /// Limit and usage of a project alone, one row with two cells for each resource; no row while the mirror is empty.
    func report(_ project: String) -> Statement {
        let cells = LimitedResource.allCases.map { resource in
            "\(limit(resource, of: "s.scope")), \(dialect.integer(usage(resource)))"
        }
        return Statement(
            """
            SELECT \(cells.joined(separator: ", ")) FROM (SELECT $1 AS scope FROM glance_limit_mirror WHERE id = 1) s
            """, [.text(project)])
    }

    /// The scopes of the claim, limit and usage of each: for messages.
    func scopeReport(_ resource: LimitedResource, _ project: String) -> Statement {
        Statement(
            "SELECT s.scope, s.lim, \(dialect.integer(usage(resource))) FROM \(scopes(resource)) s", [.text(project)])
    }

    // MARK: Parts

    /// A table of the scopes that `$1` counts in, with the limit of each.
    private func scopes(_ resource: LimitedResource) -> String {
        """
        (SELECT a.scope, \(limit(resource, of: "a.scope")) AS lim FROM (SELECT $1 AS scope UNION ALL \
        SELECT root_id FROM glance_limit_members WHERE project_id = $1) a)
        """
    }

    /// A resource whose limit nobody registered has the limit 0, as oslo.limit has it.
    private func limit(_ resource: LimitedResource, of scope: String) -> String {
        """
        COALESCE((SELECT value FROM glance_limits WHERE scope_id = \(scope) AND resource_name = '\(resource.rawValue)'), \
        (SELECT value FROM glance_limits WHERE scope_id = '' AND resource_name = '\(resource.rawValue)'), 0)
        """
    }

    /// What scope `s.scope` uses: bytes or images. A domain uses what its projects do.
    private func usage(_ resource: LimitedResource) -> String {
        let owners =
            "(SELECT s.scope UNION ALL SELECT m.project_id FROM glance_limit_members m WHERE m.root_id = s.scope)"
        let live = "i.owner IN \(owners) AND NOT i.deleted AND i.status NOT IN ('killed', 'deleted', 'pending_delete')"
        let isCopied = """
            EXISTS (SELECT 1 FROM image_properties p WHERE p.image_id = i.id AND NOT p.deleted \
            AND p.name = 'os_glance_importing_to_stores' AND p.value <> '')
            """
        switch resource {
        case .imageSizeTotal:
            return """
                ((SELECT COALESCE(SUM(i.size), 0) FROM images i JOIN image_locations l ON l.image_id = i.id \
                AND NOT l.deleted WHERE \(live)) + (SELECT COALESCE(SUM(u.claimed_bytes), 0) FROM glance_uploads u \
                WHERE u.project_id IN \(owners)))
                """
        case .imageStageTotal:
            // In whole MiB, as Glance counts it: staging a little is possible where nobody has registered this limit.
            let bytes = dialect.integer(
                """
                (SELECT COALESCE(SUM(i.size), 0) FROM images i WHERE \(live) \
                AND (i.status IN ('uploading', 'importing') OR \(isCopied)))
                """)
            return "(\(bytes) / \(resource.unit) * \(resource.unit))"
        case .imageCountTotal:
            return "(SELECT COUNT(*) FROM images i WHERE \(live))"
        case .imageCountUploading:
            return """
                (SELECT COUNT(*) FROM images i WHERE \(live) \
                AND (i.status IN ('saving', 'uploading', 'importing') OR \(isCopied)))
                """
        }
    }
}
