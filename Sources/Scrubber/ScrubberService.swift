public import Logging
public import OsloConfig

/// The scrubber as a child of the supervisor: one run each `wakeup_time`.
public struct ScrubberService: Sendable {
    private let configuration: Configuration
    private let logger: Logger

    /// Opens the database and the stores.
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
    public func run(
        started: @Sendable () -> Void, beat: @escaping @Sendable () -> Void, until stop: @escaping @Sendable () async -> Void
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
