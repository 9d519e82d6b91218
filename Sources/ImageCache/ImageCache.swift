import Events
public import ImageDatabase
public import ImageModel
public import ImageStore
public import Logging
import Synchronization
import TextCoding

/// The image cache of a node: complete images in a directory that all processes of the node share, each filled by one of them
/// however many ask for it.
///
/// Nothing that goes wrong in the cache keeps anybody from an image: what cannot be read or written here comes from the
/// store. What an administrator asks for throws `StoreError` or `DatabaseError`.
public final class ImageCache: Sendable {
    public let settings: CacheSettings
    /// Whether downloads go through the cache, as the filter `cache` of the paste file says.
    public let servesDownloads: Bool
    let directory: CacheDirectory
    let pool = BlockingPool()
    let logger: Logger
    private let chosenIndex: Mutex<any CacheIndex>
    private let fills = Mutex<[String: CacheFill]>([:])
    private let uses = Mutex<[String: CacheUse]>([:])
    private let outage = Outage()
    /// Until when nothing is written after the disk was full.
    private let pausedUntil = Mutex(ContinuousClock.now)

    /// Bytes by which the cache may be larger than its limit: what many small images cost is not worth an eviction each.
    static let tolerance: Int64 = 64 << 10
    private static let pause: Duration = .seconds(30)

    /// - Parameter database: may be nil for what never looks into an index that is there.
    /// - Throws: `DatabaseError` when the system has no thread left.
    public init(
        settings: CacheSettings, database: ImageDatabase?, servesDownloads: Bool = true, logger: Logger
    ) throws(DatabaseError) {
        self.settings = settings
        self.servesDownloads = servesDownloads
        self.logger = logger
        directory = CacheDirectory(path: settings.directory)
        let index: any CacheIndex =
            switch settings.driver {
            case .centralizedDatabase:
                if let database {
                    CentralIndex(table: database.cachedImages, node: settings.node ?? "")
                } else {
                    NoIndex()
                }
            case .sqlite: try Self.local(settings, logger)
            case .attributes: AttributeIndex(directory: directory, pool: pool)
            }
        chosenIndex = Mutex(index)
    }

    private static func local(_ settings: CacheSettings, _ logger: Logger) throws(DatabaseError) -> LocalIndex {
        LocalIndex(database: try LocalCacheDatabase(path: settings.indexFile, logger: logger))
    }

    var index: any CacheIndex { chosenIndex.withLock { $0 } }

    /// Creates the directory and the index where they are missing. What fails is logged and tried again by what needs it.
    public func prepare() async {
        await caring {
            let directory = self.directory
            try await self.pool.run { () throws(StoreError) in try directory.prepare() }
            do {
                try await self.index.prepare()
            } catch StoreError.badConfiguration(let text) where self.settings.driver == .attributes {
                // As Glance does it.
                self.logger.warning("The image cache keeps its index in \(self.settings.indexFile): \(text)")
                let local = try Self.local(self.settings, self.logger)
                try await local.prepare()
                self.chosenIndex.withLock { $0 = local }
            }
        }
    }

    /// Writes down what is not yet, and closes the index.
    public func close() async {
        await flush()
        await index.close()
    }

    /// Tells an outage of the cache's disk, once, and its end.
    func caring<Value>(_ work: () async throws -> Value) async -> Value? {
        let attempt = outage.attempt
        do {
            let value = try await work()
            if outage.ends(with: attempt) {
                logger.log(.cacheUsable, level: .notice, "The image cache can be used again")
            }
            return value
        } catch {
            // The database tells its outages itself.
            if error is StoreError, outage.begins(with: attempt) {
                logger.log(
                    .cacheUnusable, level: .error, "The image cache cannot be used",
                    metadata: ["error": "\(error)", "path": "\(settings.directory)"])
            }
            return nil
        }
    }
}

// MARK: - Downloads

extension ImageCache {
    /// Whether the data of an image can be served from here at this moment.
    public func holds(_ image: Image) async -> Bool {
        guard servesDownloads, let size = Self.size(of: image) else { return false }
        let directory = directory
        return (try? await pool.run { () throws(StoreError) in directory.image(image.id)?.size == size }) ?? false
    }

    /// Opens the data of an image, the policies having been asked: the cached file, or a file that is being filled.
    ///
    /// - Parameters:
    ///   - range: bytes wanted; nil is everything. Ranges are served from complete files only.
    ///   - store: opens the data themselves, for whoever fills the cache, and for those that a fill cannot serve.
    /// - Returns: nil when the data are to be taken from the store.
    /// - Throws: what `store` throws.
    public func open(
        _ image: Image, range: Range<Int64>?,
        store: @escaping @Sendable (Range<Int64>?) async throws -> StoreContent
    ) async throws -> StoreContent? {
        guard servesDownloads, let size = Self.size(of: image) else { return nil }
        if let content = await hit(image, size: size, range: range) { return content }
        guard range == nil, size <= settings.maximumSize, isWritable else { return nil }
        return try await follow(image, size: size, store: store)
    }

    /// Bytes of an image that can be cached.
    private static func size(of image: Image) -> Int64? {
        guard image.status == .active, UUIDText.isValid(image.id), let size = image.size, size > 0 else { return nil }
        return size
    }

    private func hit(_ image: Image, size: Int64, range: Range<Int64>?) async -> StoreContent? {
        let (directory, id) = (directory, image.id)
        guard let found = try? await pool.run({ () throws(StoreError) in directory.open(id) }) else { return nil }
        let content = StoreContent.file(descriptor: found.descriptor, region: range ?? 0..<size)
        guard found.size == size else {
            content.close()
            logger.log(
                .cacheFileDamaged, level: .warning, "Removed a damaged image from the cache",
                metadata: ["image_id": "\(id)", "bytes": "\(found.size)", "expected_bytes": "\(size)"])
            try? await remove(id)
            return nil
        }
        let now = Timestamp.now
        uses.withLock { uses in
            let hits = uses[id]?.hits ?? 0
            uses[id] = CacheUse(hits: hits + 1, last: now)
        }
        return content
    }

    /// Writes down how often images were used since the last time.
    public func flush() async {
        let batch = uses.withLock { uses in
            defer { uses = [:] }
            return uses
        }
        guard !batch.isEmpty else { return }
        do {
            try await index.count(batch)
        } catch {
            // They are no more than there are images.
            uses.withLock { uses in
                uses.merge(batch) { CacheUse(hits: $0.hits + $1.hits, last: max($0.last, $1.last)) }
            }
        }
    }
}

// MARK: - Filling

extension ImageCache {
    private var isWritable: Bool { pausedUntil.withLock { $0 <= .now } }

    private typealias Source = @Sendable (Range<Int64>?) async throws -> StoreContent

    /// Joins the fill of an image, or begins it.
    private func follow(_ image: Image, size: Int64, store: @escaping Source) async throws -> StoreContent? {
        let (fill, isOurs) = join(image.id, size: size)
        let growing = OwnGrowingFile(fill, pool)
        if isOurs {
            switch try await begin(fill, image, store: store) {
            case .filling: break
            case .elsewhere(let descriptor):
                let foreign = ForeignGrowingFile(descriptor: descriptor, pool)
                guard await foreign.started() else { return nil }
                return FillReader(foreign, size: size, pool: pool, store: store).content
            case .complete: return await hit(image, size: size, range: nil)
            case .refused: return nil
            case .unusable(let content): return content
            }
        } else {
            guard await fill.started() else { return nil }
        }
        return FillReader(growing, size: size, pool: pool, store: store).content
    }

    private func join(_ id: String, size: Int64) -> (fill: CacheFill, isOurs: Bool) {
        fills.withLock { fills in
            let known = fills[id]
            let fill = known ?? CacheFill(size: size)
            fill.join()
            fills[id] = fill
            return (fill, known == nil)
        }
    }

    private enum Beginning {
        case filling
        /// Another process fills the file.
        case elsewhere(Int32)
        case complete
        /// There is no room, or the disk fails.
        case refused
        /// The store has something else than the image.
        case unusable(StoreContent)
    }

    private func begin(_ fill: CacheFill, _ image: Image, store: Source) async throws -> Beginning {
        var file: FillFile?
        func end(_ beginning: Beginning) -> Beginning {
            fills.withLock { $0[image.id] = nil }
            fill.finish(.failed)
            return beginning
        }
        do {
            switch await admit(image, size: fill.size) {
            case .admitted(let admitted): file = admitted
            case .elsewhere(let descriptor): return end(.elsewhere(descriptor))
            case .complete: return end(.complete)
            case .refused: return end(.refused)
            }
            guard let file else { return end(.refused) }
            let content = try await store(nil)
            guard content.size ?? fill.size == fill.size else {
                await abandon(file)
                return end(.unusable(content))
            }
            fill.start(file)
            Task { await self.run(fill, file, content, image) }
            return .filling
        } catch {
            if let file { await abandon(file) }
            _ = end(.refused)
            throw error
        }
    }

    private func abandon(_ file: FillFile) async {
        try? await pool.run { () throws(StoreError) in file.abandon() }
    }

    private func run(_ fill: CacheFill, _ file: FillFile, _ content: StoreContent, _ image: Image) async {
        let begin = ContinuousClock.now
        let source = ContentReader(content, pool)
        do {
            var next = try await source.next()
            while let buffer = next {
                // The store, the processor and the disk work side by side.
                async let following = source.next()
                async let hashed: Void = pool.run { () throws(StoreError) in file.hash(buffer) }
                try await pool.run { () throws(StoreError) in try file.append(buffer) }
                try await hashed
                guard fill.advance(to: file.written) else { throw CancellationError() }
                next = try await following
            }
            // A disk may take its time; clients have all they need.
            let release = Task {
                try await Task.sleep(for: .seconds(1))
                fill.release()
            }
            defer { release.cancel() }
            try await pool.run { () throws(StoreError) in try file.publish() }
            await published(image, size: fill.size, after: ContinuousClock.now - begin)
            fills.withLock { $0[image.id] = nil }
            fill.finish(.published)
        } catch {
            await abandon(file)
            fills.withLock { $0[image.id] = nil }
            fill.finish(.failed)
            report(error, image)
        }
    }

    private func published(_ image: Image, size: Int64, after duration: Duration) async {
        let (directory, id) = (directory, image.id)
        do {
            try await index.add([CachedImage(imageID: id, lastAccessed: .now, lastModified: .now, size: size)])
        } catch {
            // It is found again by what is in the directory.
            logger.debug(
                "a cached image could not be written down", metadata: ["image_id": "\(id)", "error": "\(error)"])
        }
        _ = try? await pool.run { () throws(StoreError) in directory.unqueue(id) }
        let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        logger.log(
            .imageCached, "Image cached",
            metadata: ["image_id": "\(id)", "bytes": "\(size)", "duration_ms": "\(milliseconds)"])
    }

    private func report(_ error: any Error, _ image: Image) {
        if error is CancellationError {
            logger.debug(
                "nobody waits for an image any more that was being cached", metadata: ["image_id": "\(image.id)"])
            return
        }
        if error as? StoreError == .full { pausedUntil.withLock { $0 = .now + Self.pause } }
        logger.log(
            .cacheFillFailed, level: .warning, "An image could not be cached",
            metadata: ["image_id": "\(image.id)", "error": "\(error)"])
    }

    /// Fills the cache with an image that nobody has asked for.
    ///
    /// - Throws: what `store` throws.
    /// - Returns: whether it is in the cache now.
    public func fetch(
        _ image: Image, store: @escaping @Sendable (Range<Int64>?) async throws -> StoreContent
    ) async throws -> FetchOutcome {
        guard let size = Self.size(of: image), size <= settings.maximumSize else { return .impossible }
        let directory = directory
        let isThere = try await pool.run { () throws(StoreError) in directory.image(image.id)?.size == size }
        if isThere { return .cached }
        let (fill, isOurs) = join(image.id, size: size)
        defer { fill.leave() }
        if isOurs {
            switch try await begin(fill, image, store: store) {
            case .filling: break
            case .complete: return .cached
            case .elsewhere(let descriptor):
                // A worker does it; whether it worked shows later.
                StoreContent.file(descriptor: descriptor, region: 0..<0).close()
                return .failed
            case .refused: return .failed
            case .unusable(let content):
                content.close()
                return .failed
            }
        }
        return await fill.ended() == .published ? .cached : .failed
    }

    /// What came of a fetch.
    public enum FetchOutcome: Sendable {
        case cached
        /// It may work later.
        case failed
        /// The image is larger than the cache, or has no data that can be cached.
        case impossible
    }
}

// MARK: - Room

extension ImageCache {
    private enum Admission {
        case admitted(FillFile)
        case elsewhere(Int32)
        case complete
        case refused
    }

    /// Makes room for an image and creates its file. One process at a time does that.
    private func admit(_ image: Image, size: Int64) async -> Admission {
        let (directory, id) = (directory, image.id)
        let admission = await caring { () async throws -> Admission in
            guard let lock = try await lock() else { return .refused }
            defer { withExtendedLifetime(lock) {} }
            let begun = try await pool.run { () throws(StoreError) -> (Int32?, Bool) in
                (directory.filling(id), directory.image(id)?.size == size)
            }
            if let descriptor = begun.0 { return .elsewhere(descriptor) }
            if begun.1 { return .complete }
            guard try await makeRoom(for: size) else { return .refused }
            return .admitted(
                try await pool.run { () throws(StoreError) in try FillFile(image, size: size, in: directory) })
        }
        if admission == nil, !Task.isCancelled { pausedUntil.withLock { $0 = .now + Self.pause } }
        return admission ?? .refused
    }

    /// Waits for its turn, but not for long.
    private func lock() async throws -> DirectoryLock? {
        let directory = directory
        let deadline = ContinuousClock.now + .seconds(5)
        while true {
            let lock = try await pool.run { () throws(StoreError) in
                do throws(StoreError) {
                    return try directory.lock()
                } catch {
                    // It may be missing: not made yet, or removed with all that was in it.
                    try directory.prepare()
                    return try directory.lock()
                }
            }
            if let lock { return lock }
            guard .now < deadline else { return nil }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Evicts what was not used for the longest time, until an image fits. Called with the lock.
    ///
    /// - Returns: whether it fits.
    private func makeRoom(for size: Int64) async throws -> Bool {
        let directory = directory
        let (images, underway) = try await pool.run { () throws(StoreError) in
            (try directory.images(), try directory.files(in: .incomplete).reduce(0) { $0 + $1.reserved })
        }
        let (sum, isOverflow) = settings.maximumSize.addingReportingOverflow(Self.tolerance)
        let limit = isOverflow ? .max : sum
        let used = images.reduce(0) { $0 + $1.size }
        guard underway + size <= limit else { return false }
        let excess = used + underway + size - limit
        if excess > 0 { _ = try await evict(excess, from: images) }
        return true
    }

    /// Removes images until so many bytes are free.
    func evict(_ bytes: Int64, from images: [CacheDirectory.File]) async throws -> (files: Int, bytes: Int64) {
        await flush()
        let known = (try? await index.entries()) ?? []
        let accessed = Dictionary(known.map { ($0.imageID, $0.lastAccessed) }, uniquingKeysWith: { $1 })
        let order = images.map { (file: $0, time: accessed[$0.name] ?? $0.modified) }
            .sorted { ($0.time, $0.file.name) < ($1.time, $1.file.name) }
        var chosen: [CacheDirectory.File] = []
        var freed: Int64 = 0
        for (file, _) in order {
            if freed >= bytes { break }
            chosen.append(file)
            freed += file.size
        }
        if chosen.isEmpty { return (0, 0) }
        let (directory, names) = (directory, chosen.map(\.name))
        try await pool.run { () throws(StoreError) in for name in names { directory.remove(name) } }
        try? await index.remove(names)
        logger.log(
            .cachePruned, "Removed the longest unused images from the cache",
            metadata: ["images": "\(chosen.count)", "bytes": "\(freed)"])
        return (chosen.count, freed)
    }

    /// Makes the cache as small as it is to be.
    public func prune() async throws -> (files: Int, bytes: Int64) {
        guard let lock = try await lock() else { throw StoreError.timeout }
        defer { withExtendedLifetime(lock) {} }
        let directory = directory
        let images = try await pool.run { () throws(StoreError) in try directory.images() }
        let excess = images.reduce(0) { $0 + $1.size } - settings.maximumSize
        return excess > 0 ? try await evict(excess, from: images) : (0, 0)
    }
}
