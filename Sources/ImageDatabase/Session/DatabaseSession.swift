import Logging

/// What all facets of ``ImageDatabase`` stand on: the driver, and how often a transaction is tried.
final class DatabaseSession: Sendable {
    private let driver: any SQLDriver
    private let policy: RetryPolicy
    let logger: Logger
    let locationRows: LocationRows
    /// The statement shape by which images are read, and its two most frequent statements.
    let imageRows: ImageRows
    let anyImageByID: LookupStatements
    let liveImageByID: LookupStatements

    init(driver: any SQLDriver, policy: RetryPolicy, locationCipher: LocationCipher?, logger: Logger) {
        self.driver = driver
        self.policy = policy
        self.logger = logger
        locationRows = LocationRows(cipher: locationCipher)
        imageRows = ImageRows(driver.dialect, locationRows)
        anyImageByID = imageRows.lookup()
        liveImageByID = imageRows.lookup(" AND NOT deleted")
    }

    var dialect: any SQLDialect { driver.dialect }

    /// Runs statements that only read.
    func read(_ statements: Statement...) async throws(DatabaseError) -> [Rows] {
        try await driver.run(statements, .read, policy)
    }

    /// Runs a lookup; there may be rows of others in the answer.
    func read(_ lookup: Lookup) async throws(DatabaseError) -> Rows { try await driver.run(lookup, policy) }

    /// Runs statements as one transaction; none at all are nothing to do.
    @discardableResult
    func write(_ statements: [Statement]) async throws(DatabaseError) -> [Rows] {
        // A server that is sent nothing never answers.
        if statements.isEmpty { return [] }
        return try await driver.run(statements, .write, policy)
    }

    /// Waits for running queries and closes all connections.
    func close() async { await driver.close() }
}
