import Events
import ImageDatabase
import ImageStore
public import Logging
public import OsloConfig
public import Scoreboard
import StoreDrivers

/// The scrubber, put together: as a child of the supervisor, as a daemon of its own, for one run, or to restore an image.
public struct ScrubberService: Sendable {
    private let database: ImageDatabase
    private let stores: StoreRegistry
    private let scrubber: ImageScrubber
    private let logger: Logger

    /// How often dead processes are looked for. It is one small query.
    private static let watchInterval: Duration = .seconds(5)
    private static let sweepInterval: Duration = .seconds(30)
    /// Longest pause after failures.
    private static let longestPause: Duration = .seconds(60)

    /// Opens the database and the stores. A database that is away is waited for later.
    ///
    /// - Throws: `StartFailure` for a start that can never succeed.
    public init(configuration: Configuration, logger: Logger) async throws(StartFailure) {
        self.logger = logger
        database = try ImageDatabase(configuration: configuration, logger: logger)
        do throws(DatabaseError) {
            try await database.checkSchema()
        } catch .unavailable {
            // It may come back.
        } catch {
            await database.close()
            throw StartFailure(error)
        }
        do throws(StoreError) {
            stores = try StoreRegistry(
                configuration: configuration, drivers: StoreDriver.all, logger: logger)
            try await stores.prepare()
        } catch {
            await database.close()
            throw StartFailure(error)
        }
        scrubber = ImageScrubber(database: database, stores: stores, configuration: configuration, logger: logger)
    }

    /// Ends connections and threads.
    public func close() async {
        await database.close()
        await stores.shutdown()
    }

    /// Works until `stop` returns, and then finishes the locations that are just being removed.
    ///
    /// - Parameters:
    ///   - started: called once the work has begun.
    ///   - beat: called every second as a sign of life, from where the work is done too: if that is blocked, so is this.
    ///   - stop: returns when the work is to end.
    /// - Throws: `StartFailure` when a database that was away at the start turns out to be none of ours.
    public func run(
        started: @Sendable () -> Void, beat: @escaping @Sendable () -> Void,
        until stop: @escaping @Sendable () async -> Void
    ) async throws {
        started()
        let worker = Task { try await work() }
        let stopper = Task {
            await stop()
            worker.cancel()
        }
        // Beats on while the last locations go.
        let heart = Task {
            while !Task.isCancelled {
                beat()
                try? await Task.sleep(for: .seconds(1))
            }
        }
        let result = await worker.result
        heart.cancel()
        stopper.cancel()
        await close()
        try result.get()
    }

    private func work() async throws {
        let isReady = try await awaitSchema()
        guard isReady else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await every(Self.watchInterval, "looking for dead processes") {
                    try await scrubber.recoverFromDeadProcesses()
                }
            }
            group.addTask {
                await every(Self.sweepInterval, "cleaning up after crashes") { try await scrubber.sweepRows() }
            }
            group.addTask {
                await every(scrubber.settings.wakeupTime, "scrubbing") {
                    report(try await scrubber.scrub())
                    try await scrubber.sweepFiles()
                }
            }
        }
    }

    /// False when cancelled before the database has answered.
    private func awaitSchema() async throws(StartFailure) -> Bool {
        var failures = 0
        while !Task.isCancelled {
            do throws(DatabaseError) {
                try await database.checkSchema()
                return true
            } catch {
                guard case .unavailable = error else { throw StartFailure(error) }
                failures += 1
                let pause = report(error, failures, "starting")
                try? await Task.sleep(for: pause)
            }
        }
        return false
    }

    /// Repeats `work` until cancelled: at once and then after each `interval`; after failures sooner, but less and less
    /// often.
    private func every(_ interval: Duration, _ name: String, _ work: @Sendable () async throws -> Void) async {
        var failures = 0
        while !Task.isCancelled {
            var pause = interval
            do {
                try await work()
                failures = 0
            } catch {
                failures += 1
                pause = report(error, failures, name)
            }
            try? await Task.sleep(for: pause)
        }
    }

    /// - Returns: how long to wait.
    private func report(_ error: any Error, _ failures: Int, _ name: String) -> Duration {
        let pause = min(Self.longestPause, .seconds(1 << min(failures - 1, 6)))
        logger.log(
            .scrubberWaiting, level: .warning,
            "The scrubber failed at \(name), next try in \(pause.components.seconds) s",
            metadata: ["error": "\(error)"])
        return pause
    }

    private func report(_ summary: ImageScrubber.Summary) {
        guard summary != ImageScrubber.Summary() else { return }
        logger.info("Scrubbed \(summary.scrubbed) images; \(summary.failed) stay for the next run")
    }

    /// One run, with everything that a daemon does from time to time.
    ///
    /// Images whose data could not be removed are no failure of the run: they have been reported and stay for the next.
    /// - Throws: `StartFailure` when the rows that say what is to be done cannot be read.
    public func runOnce() async throws(StartFailure) {
        do {
            try await database.checkSchema()
            try await scrubber.recoverFromDeadProcesses()
            try await scrubber.sweepRows()
            report(try await scrubber.scrub())
            try await scrubber.sweepFiles()
        } catch let error as DatabaseError {
            throw StartFailure(.runtimeError, "Can not get scrub jobs from queue: \(error.adviceAtStart)")
        } catch {
            throw StartFailure(.runtimeError, "\(error)")
        }
    }

    /// Brings an image back from `pending_delete`.
    ///
    /// - Throws: ``RestoreError``.
    public func restore(_ id: String) async throws(RestoreError) {
        try await scrubber.restore(id)
    }
}
