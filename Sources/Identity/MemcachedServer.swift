import Events
import Logging
import Synchronization

/// One memcached with its idle connections. After a failure it is left alone for a second, then longer and longer, so
/// that a server that is away costs next to nothing and is used again soon after it came back.
final class MemcachedServer: Sendable {
    private let server: MemcachedSettings.Server
    private let settings: MemcachedSettings
    private let logger: Logger
    private let state = Mutex(State())

    private struct State: ~Copyable {
        var idle: [Idle] = []
        let outage = Outage()
        /// Those in a row; none without an outage.
        var failures = 0
        var end = ContinuousClock.now
    }

    /// A connection that no thread uses.
    private struct Idle: @unchecked Sendable {
        let connection: MemcachedConnection
        let since: ContinuousClock.Instant
    }

    init(_ server: MemcachedSettings.Server, settings: MemcachedSettings, logger: Logger) {
        self.server = server
        self.settings = settings
        self.logger = logger
    }

    /// Whether it is worth asking.
    var isAlive: Bool { state.withLock { $0.failures == 0 || $0.end <= .now } }

    /// Runs `work`, which may block, with a connection; nil when that fails, or failed a moment ago.
    func with<Result>(
        _ work: (MemcachedConnection) throws(MemcachedConnection.Failure) -> Result?
    ) -> Result? {
        guard let attempt = beginAttempt() else { return nil }
        do throws(MemcachedConnection.Failure) {
            let connection =
                if let idle = idleConnection() { idle } else { try MemcachedConnection(server, settings: settings) }
            let result = try work(connection)
            succeeded(connection, attempt)
            return result
        } catch {
            failed(error, attempt)
            return nil
        }
    }

    /// After a failure only one caller at a time tries again.
    private func beginAttempt() -> Outage.Attempt? {
        state.withLock { state in
            if state.failures > 0 {
                guard state.end <= .now else { return nil }
                state.end = .now + .seconds(settings.socketTimeout)
            }
            return state.outage.attempt
        }
    }

    private func idleConnection() -> MemcachedConnection? {
        let oldest = ContinuousClock.now - .seconds(settings.unusedTimeout)
        while true {
            // Too old ones are closed after the lock is given back.
            let (idle, dropped) = state.withLock { state in
                let dropped = state.idle.filter { $0.since < oldest }
                if !dropped.isEmpty { state.idle.removeAll { $0.since < oldest } }
                return (state.idle.popLast(), dropped)
            }
            _ = dropped
            guard let idle else { return nil }
            // The server may have closed it, which is no failure yet.
            if idle.connection.isQuiet { return idle.connection }
        }
    }

    private func succeeded(_ connection: MemcachedConnection, _ attempt: Outage.Attempt) {
        let idle = Idle(connection: connection, since: .now)
        let isBack = state.withLock { state in
            state.idle.append(idle)
            guard state.outage.ends(with: attempt) else { return false }
            state.failures = 0
            return true
        }
        if isBack {
            logger.log(.memcachedBack, "memcached is back", metadata: ["server": "\(server.host):\(server.port)"])
        }
    }

    private func failed(_ failure: MemcachedConnection.Failure, _ attempt: Outage.Attempt) {
        let (isNew, dropped) = state.withLock { state in
            let isNew = state.outage.begins(with: attempt)
            // A late failure of an outage that is over does not count.
            if isNew || state.failures > 0 {
                state.failures = min(state.failures + 1, 30)
                state.end = .now + .seconds(min(1 << (state.failures - 1), settings.deadRetry))
            }
            defer { state.idle = [] }
            return (isNew, state.idle)
        }
        _ = dropped
        guard isNew else { return }
        logger.log(
            .memcachedUnreachable, level: .warning, "memcached fails and is left alone for now",
            metadata: [
                "server": "\(server.host):\(server.port)", "error": "\(failure.reason)",
            ])
    }
}
