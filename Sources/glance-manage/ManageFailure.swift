import ImageDatabase

/// Why an action ends: a line for the operator and the exit status.
struct ManageFailure: Error {
    var message: String
    var status: Int32 = 1

    init(_ message: String, status: Int32 = 1) {
        self.message = message
        self.status = status
    }

    init(_ error: DatabaseError) {
        switch error {
        case .unsupportedURL(let text): self.init("ERROR: [database] connection: \(text)")
        case .unavailable(let text): self.init("ERROR: The database is not available: \(text)")
        case .statement(let code, let text): self.init("ERROR: The database refused a statement (\(code)): \(text)")
        case .notMigrated(let revision):
            self.init("ERROR: The database is at revision \(revision ?? "none"); run glance-manage db sync")
        case .invalidValue(let value): self.init("ERROR: The database refused a value: \(value.reason)")
        case .notFound, .duplicate, .conflict, .limitReached, .tooManyTags, .tooManyProperties, .limitsUnknown,
            .markerNotFound:
            self.init("ERROR: The database changed under the command: \(error)")
        }
    }

    init(_ failure: SchemaMigrator.Failure) {
        switch failure {
        case .unknownRevision(let id): self.init("ERROR: Can't locate revision identified by '\(id)'")
        case .unmanaged:
            self.init(
                "ERROR: The database holds Glance's tables but no alembic_version; say which revision they have with "
                    + "glance-manage db version_control --version REVISION")
        case .needsExpand:
            self.init("The database has to be expanded first: run glance-manage db expand")
        case .needsMigrate:
            self.init("The data has to be migrated first: run glance-manage db migrate")
        case .database(let error): self.init(error)
        }
    }
}
