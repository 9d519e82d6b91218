import Identity
import ImageDatabase
public import Logging
import NIOPosix
public import OsloConfig
import Scoreboard

/// The limits worker as a child of the supervisor: keeps the mirror of Keystone's limits.
///
/// Each node may run one; they share the mirror and do not get into each other's way.
public struct LimitsService: Sendable {
    private let session: KeystoneSession
    private let reader: LimitReader
    private let database: ImageDatabase
    private let interval: Duration
    private let logger: Logger
    /// How long a first start waits for Keystone before the service counts as started.
    private static let longestWait = 5
    /// Between two tries until Keystone's limits could be read for the first time.
    private static let firstPause: Duration = .seconds(1)

    /// Opens the database.
    ///
    /// - Throws: for a start that can never succeed: `ConfigurationError` or `StartFailure`.
    public init(configuration: Configuration, logger: Logger) async throws {
        self.logger = logger
        interval = .seconds(configuration[Options.OsloLimit.refreshInterval])
        do throws(IdentityError) {
            let settings = try KeystoneSettings(limits: configuration)
            let endpoint = try LimitReader.EndpointReference(configuration)
            session = try KeystoneSession(
                settings: settings, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
            reader = LimitReader(session: session, endpoint: endpoint)
            if settings.scope != .system {
                logger.warning(
                    """
                    [oslo_limit] does not act on the whole system (system_scope = all): Keystone shows such a user registered \
                    limits only, and not the limits of other projects
                    """)
            }
        } catch {
            throw ConfigurationError("\(error)")
        }
        do {
            database = try await Self.openDatabase(configuration, logger)
        } catch {
            await session.shutdown()
            throw error
        }
    }

    private static func openDatabase(_ configuration: Configuration, _ logger: Logger) async throws -> ImageDatabase {
        let database = try ImageDatabase(configuration: configuration, logger: logger)
        do throws(DatabaseError) {
            try await database.checkSchema()
            return database
        } catch {
            await database.close()
            throw StartFailure(error)
        }
    }

    /// Works until `stop` returns.
    ///
    /// - Parameters:
    ///   - started: called once there are limits to go by, or Keystone did not give any at the first try.
    ///   - beat: called every second as a sign of life.
    ///   - refreshed: called each time that the mirror has got all limits from Keystone.
    public func run(
        started: @Sendable () -> Void, beat: @escaping @Sendable () -> Void,
        refreshed: @escaping @Sendable () -> Void, until stop: @escaping @Sendable () async -> Void
    ) async throws {
        let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await stop()
                isReady.finish()
            }
            group.addTask {
                var seconds = 0
                while true {
                    beat()
                    if seconds == Self.longestWait { isReady.finish() }
                    seconds += 1
                    try await Task.sleep(for: .seconds(1))
                }
            }
            group.addTask {
                if (try? await database.limits.mirrorState()) ?? nil != nil { isReady.finish() }
                var refresher = LimitRefresher(reader: reader, database: database, logger: logger)
                while true {
                    let begin = ContinuousClock.now
                    if await refresher.refresh() { refreshed() }
                    isReady.finish()
                    // Without any limits every upload is refused: that is not left for longer than it must.
                    try await Task.sleep(until: begin + (refresher.knowsLimits ? interval : Self.firstPause))
                }
            }
            for await _ in ready {}
            started()
            try await group.next()
            group.cancelAll()
        }
        await session.shutdown()
        await database.close()
    }
}
