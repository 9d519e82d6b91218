/// Glance's tasks.
public struct TasksFacet: Sendable {
    let session: DatabaseSession

    /// Soft-deletes the tasks whose time has passed, as Glance does when it lists tasks. What they say goes when they are
    /// purged.
    ///
    /// - Returns: how many there were.
    public func expire() async throws(DatabaseError) -> Int {
        let results = try await session.write([
            Statement(
                "UPDATE tasks SET deleted = true, deleted_at = $1 WHERE NOT deleted AND expires_at <= $1",
                [.time(.now)])
        ])
        return results[0].affected
    }
}
