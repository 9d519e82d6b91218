/// Keystone's limits as they are mirrored here, and what projects use of them.
public struct LimitsFacet: Sendable {
    let session: DatabaseSession

    /// Lets a running upload have up to `step` more bytes, fewer when less is left of the project's `image_size_total`.
    ///
    /// - Parameters:
    ///   - need: bytes without which the upload cannot go on.
    ///   - mayPass: gives it what it needs even if less is left, unless the project is past its limit already.
    /// - Returns: what is claimed in all, what was claimed before when nothing is left.
    /// - Throws: ``DatabaseError/conflict`` when the upload was declared dead.
    public func extendClaim(
        of upload: UploadRecord, projectID: String, by step: Int64, need: Int64 = 0, mayPass: Bool = false
    ) async throws(DatabaseError) -> ClaimedBytes {
        let results = try await session.write(
            LimitStatements(session.dialect).lock(projectID)
                + LimitStatements(session.dialect).extend(upload, projectID, by: step, need: need, mayPass: mayPass))
        return try Self.claimed(results)
    }

    /// What the last statement of ``LimitStatements/extend(_:_:by:need:mayPass:)`` read.
    static func claimed(_ results: [Rows]) throws(DatabaseError) -> ClaimedBytes {
        guard let rows = results.last, rows.count > 0 else { return ClaimedBytes(bytes: 0, isPastLimit: false) }
        return ClaimedBytes(bytes: try rows[0].integer(0) ?? 0, isPastLimit: try rows[0].integer(1) == 1)
    }

    /// Throws ``DatabaseError/limitReached`` for a claim that does not fit at the moment.
    public func check(_ claim: LimitClaim) async throws(DatabaseError) {
        let statements = LimitStatements(session.dialect)
        try await session.write(statements.lock(claim.projectID) + statements.check(claim))
    }

    /// Limit and usage of every resource for a project.
    ///
    /// - Throws: ``DatabaseError/limitsUnknown`` while the mirror has never been filled.
    public func usage(ofProject project: String) async throws(DatabaseError) -> [LimitUsage] {
        let rows = try await session.read(LimitStatements(session.dialect).report(project))[0]
        guard rows.count > 0 else { throw .limitsUnknown }
        var usages: [LimitUsage] = []
        for (index, resource) in LimitedResource.allCases.enumerated() {
            usages.append(
                LimitUsage(
                    resource: resource, limit: try rows[0].integer(2 * index) ?? 0,
                    used: try rows[0].integer(2 * index + 1) ?? 0))
        }
        return usages
    }

    /// The limits and usages that a claim of `project` is checked against: its own, and in a two-level model its domain's.
    public func scopes(
        of resource: LimitedResource, project: String
    ) async throws(DatabaseError) -> [(id: String, usage: LimitUsage)] {
        let rows = try await session.read(LimitStatements(session.dialect).scopeReport(resource, project))[0]
        var scopes: [(String, LimitUsage)] = []
        for index in 0..<rows.count {
            let row = rows[index]
            scopes.append(
                (
                    try row.required(row.text(0), 0),
                    LimitUsage(resource: resource, limit: try row.integer(1) ?? 0, used: try row.integer(2) ?? 0)
                ))
        }
        return scopes
    }
}
