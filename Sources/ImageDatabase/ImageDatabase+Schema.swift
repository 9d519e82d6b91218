extension ImageDatabase {
    /// Makes sure at the start of a service that the database has the schema of this release, and creates our own tables
    /// in one that Glance's `db sync` has made.
    ///
    /// - Throws: ``DatabaseError/notMigrated(_:)`` with the revisions found.
    public func checkSchema() async throws(DatabaseError) {
        let migrator = SchemaMigrator(self)
        do throws(SchemaMigrator.Failure) {
            let current = try await migrator.currentRevisions()
            let applied = RevisionGraph().closure(current)
            // An expanded database serves too: that is how a rolling upgrade works.
            guard applied.isSuperset(of: [Revisions.expandHead, "wallaby_contract01"]) else {
                throw .database(.notMigrated(current.isEmpty ? nil : current.joined(separator: ", ")))
            }
            try await migrator.createOwnTables()
        } catch {
            if case .database(let error) = error { throw error }
            throw .notMigrated(nil)
        }
    }
}
