import Events
import ImageCache
import ImageDatabase
import ImageModel
import ImageService
import ImageStore
public import Logging
public import OsloConfig
import Scoreboard
import StoreDrivers
import Synchronization
import Threads

/// What looks after the image cache of a node: as a child of the supervisor, or for one round of a command.
///
/// It fetches the queued images, keeps the cache to its size, removes what dead processes and deleted images have left, and
/// makes the index say what is there.
public final class CacheKeeper: Sendable {
    /// Nil for duties that need none.
    private let database: ImageDatabase?
    private let stores: StoreRegistry?
    private let cache: ImageCache
    private let logger: Logger
    private let retries = Mutex<[String: Retry]>([:])
    /// Ids of the images that are being fetched.
    private let running = Mutex<Set<String>>([])

    private struct Retry {
        var failures = 0
        var next = ContinuousClock.now
    }

    /// Fetches at the same time.
    private static let fetches = 4
    /// How long an image may wait in the queue for which nobody waits: time to change one's mind.
    private static let patience: Duration = .seconds(30)
    private static let upkeepInterval: Duration = .seconds(60)
    private static let longestPause: Duration = .seconds(3600)

    /// What is to be done, so that a command needs no more of the configuration than that.
    public enum Duty: Sendable {
        case everything, fetching, pruning, cleaning
    }

    /// Opens what the duty needs: database and stores.
    ///
    /// - Throws: `StartFailure` or `ConfigurationError` for a start that can never succeed.
    public init(configuration: Configuration, duty: Duty = .everything, logger: Logger) async throws {
        self.logger = logger
        guard let settings = try CacheSettings(configuration) else {
            throw ConfigurationError("image_cache_dir is not set: there is no image cache")
        }
        let fetches = duty == .everything || duty == .fetching
        let database =
            fetches || duty == .pruning && settings.driver == .centralizedDatabase
            ? try ImageDatabase(configuration: configuration, logger: logger) : nil
        self.database = database
        do throws(DatabaseError) {
            try await database?.checkSchema()
            cache = try ImageCache(settings: settings, database: database, logger: logger)
        } catch {
            await database?.close()
            throw StartFailure(error)
        }
        do throws(StoreError) {
            // What is missing is made by the workers of the same start.
            stores =
                fetches
                ? try StoreRegistry(configuration: configuration, drivers: StoreDriver.all, logger: logger) : nil
        } catch {
            await database?.close()
            throw StartFailure(error)
        }
        await cache.prepare()
    }

    /// Ends connections and threads.
    public func close() async {
        await cache.close()
        await database?.close()
        await stores?.shutdown()
    }

    // MARK: The process

    /// Works until `stop` returns. Fetches under way end with that.
    ///
    /// - Parameters:
    ///   - started: called once the work has begun.
    ///   - beat: called every second as a sign of life, with the number of images that are being fetched.
    ///   - wait: blocks a thread until there may be something to do, for a second at most.
    public func run(
        started: @escaping @Sendable () -> Void, beat: @escaping @Sendable (Int) -> Void,
        wait: @escaping @Sendable () -> Void, until stop: @escaping @Sendable () async -> Void
    ) async throws {
        let bell = try Bell("bell", wait)
        let stopper = Task {
            await stop()
            bell.stop()
        }
        started()
        await attempt("taking over the index") { try await cache.adoptLocalIndex() }
        // Who was filling before this start is dead, or holds what it fills.
        await attempt("cleaning") { try await cache.clean(grace: .zero) }
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    await self.upkeep()
                    try? await Task.sleep(for: Self.upkeepInterval)
                }
            }
            for await _ in bell.rings {
                beat(running.withLock { $0.count })
                let due = (try? await cache.due(after: Self.patience)) ?? []
                for id in due where isTime(id) {
                    let isNew = running.withLock { $0.count < Self.fetches && $0.insert(id).inserted }
                    guard isNew else { continue }
                    group.addTask {
                        await self.fetchFromQueue(id)
                        _ = self.running.withLock { $0.remove(id) }
                    }
                }
            }
            group.cancelAll()
        }
        stopper.cancel()
        await close()
    }

    private func upkeep() async {
        await attempt("writing the index") { try await cache.reconcile() }
        if let database {
            await attempt("looking for deleted images") { try await cache.forgetDeleted(database) }
        }
        await attempt("cleaning") { try await cache.clean() }
        await attempt("pruning") { _ = try await cache.prune() }
    }

    private func attempt(_ name: String, _ work: () async throws -> Void) async {
        do {
            try await work()
        } catch {
            // Database and disk tell their outages themselves.
            logger.debug("\(name) failed, will try again", metadata: ["error": "\(error)"])
        }
    }

    // MARK: The queue

    private func isTime(_ id: String) -> Bool { retries.withLock { $0[id]?.next ?? .now } <= .now }

    /// An image that cannot be fetched stays in the queue, and is tried less and less often.
    private func fetchFromQueue(_ id: String) async {
        if await fetch(id) {
            retries.withLock { $0[id] = nil }
            return
        }
        retries.withLock { retries in
            var retry = retries[id] ?? Retry()
            retry.failures += 1
            retry.next = .now + min(Self.longestPause, .seconds(10 << min(retry.failures, 10)))
            retries[id] = retry
        }
    }

    /// - Returns: whether the image is out of the queue, for whatever reason.
    private func fetch(_ id: String) async -> Bool {
        // The list is older than the end of another fetch, and somebody may have removed the image since.
        guard await cache.isQueued(id) else { return true }
        guard let database, let stores else { return false }
        do {
            guard let image = try await database.images.find(id), image.status == .active else {
                return await drop(id, because: "there is no such active image")
            }
            let sources = DataSources(of: image, in: stores, context: .service, logger: logger)
            switch try await cache.fetch(image, store: { try await sources.open(range: $0) }) {
            case .cached:
                try await cache.unqueue(id)
                return true
            case .failed: return false
            case .impossible: return await drop(id, because: "it has no data, or more than image_cache_max_size")
            }
        } catch {
            logger.log(
                .cacheFillFailed, level: .warning, "An image could not be cached",
                metadata: ["image_id": "\(id)", "error": "\(error)"])
            return false
        }
    }

    private func drop(_ id: String, because reason: String) async -> Bool {
        logger.log(
            .cacheFillFailed, level: .warning, "A queued image will not be cached",
            metadata: ["image_id": "\(id)", "error": "\(reason)"])
        try? await cache.unqueue(id)
        return true
    }

    // MARK: The commands

    /// Fetches everything that is queued.
    ///
    /// - Returns: how many images were fetched, and how many could not be.
    public func prefetch() async throws -> (fetched: Int, failed: Int) {
        let queue = try await cache.due(after: .zero)
        return await withTaskGroup(of: Bool.self) { group in
            var rest = queue[...]
            for id in rest.prefix(Self.fetches) { group.addTask { await self.fetch(id) } }
            rest = rest.dropFirst(Self.fetches)
            var counts = (fetched: 0, failed: 0)
            while let isDone = await group.next() {
                if isDone { counts.fetched += 1 } else { counts.failed += 1 }
                if let id = rest.popFirst() { group.addTask { await self.fetch(id) } }
            }
            return counts
        }
    }

    /// Reduces the cache to its size.
    public func prune() async throws -> (files: Int, bytes: Int64) {
        try await cache.reconcile()
        return try await cache.prune()
    }

    /// Removes invalid and stalled files.
    public func clean() async throws { try await cache.clean() }
}
