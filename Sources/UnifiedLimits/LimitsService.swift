public import Logging
public import OsloConfig

/// The limits worker as a child of the supervisor: keeps the mirror of Keystone's limits.
public struct LimitsService: Sendable {
    private let configuration: Configuration
    private let logger: Logger

    /// Opens the database.
    ///
    /// - Throws: for a start that can never succeed.
    public init(configuration: Configuration, logger: Logger) async throws {
        self.configuration = configuration
        self.logger = logger
    }

    /// Works until `stop` returns.
    ///
    /// - Parameters:
    ///   - started: called once the work has begun.
    ///   - beat: called every second as a sign of life.
    ///   - refreshed: called each time that the mirror has got all limits from Keystone.
    public func run(
        started: @Sendable () -> Void, beat: @escaping @Sendable () -> Void,
        refreshed: @escaping @Sendable () -> Void, until stop: @escaping @Sendable () async -> Void
    ) async throws {
        started()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await stop() }
            group.addTask {
                while true {
                    beat()
                    try await Task.sleep(for: .seconds(1))
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }
}
