extension DatabaseSession {
    /// Runs a transaction whose first statements change an image only in the right state, and tells a wrong state
    /// from a missing image.
    @discardableResult
    func writeChange(ofImage id: String, _ statements: [Statement]) async throws(DatabaseError) -> [Rows] {
        do {
            return try await write(statements)
        } catch .conflict {
            throw try await isLive(id) ? .conflict : .notFound
        }
    }

    func isLive(_ id: String) async throws(DatabaseError) -> Bool {
        try await read(Statement("SELECT 1 FROM images WHERE id = $1 AND NOT deleted", [.text(id)]))[0].count > 0
    }
}
