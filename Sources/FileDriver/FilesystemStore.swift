import Glibc
public import ImageModel
public import ImageStore
public import JSON
public import Logging
import OsloConfig

/// The driver `file`: each image is a file named by its id in one of the data directories.
///
/// URLs, names and metadata are those of Python Glance, which may have written the same directories before. Data become
/// visible under their name only when they are complete and on the disk.
public struct FilesystemStore: Store {
    public let identity: StoreIdentity
    public let type = "file"
    public let isReadOnly = false
    public let schemes = FileLocation.schemes
    private let settings: FilesystemSettings
    private let pool: BlockingPool

    public init(identity: StoreIdentity, settings: FilesystemSettings, logger: Logger) {
        self.identity = identity
        self.settings = settings
        let limit =
            settings.timeout > 0
            ? BlockingPool.Limit(
                timeout: .seconds(settings.timeout), threads: settings.threadPoolSize,
                warningThreshold: settings.threadPoolThreshold, logger: logger)
            : nil
        pool = BlockingPool(limit: limit)
    }

    private var paths: [String] { settings.directories.map(\.path) }
    private var readablePaths: [String] { paths + settings.furtherDirectories }
    private var directories: [DataDirectory] { paths.map(DataDirectory.init(path:)) }

    public var properties: [String: JSONValue] {
        [
            "data_dir": .string(settings.directories.first?.path ?? ""),
            "chunk_size": .integer(Int64(settings.chunkSize)),
            "thin_provisioning": .bool(settings.isThinProvisioned),
        ]
    }

    public func owns(_ location: ImageLocation) -> Bool {
        (try? FileLocation(url: location.url).isBelow(readablePaths)) ?? false
    }

    public func check() async throws(StoreError) {
        try await forEachDirectory { directory throws(StoreError) in try directory.check() }
    }

    public func prepare() async throws(StoreError) {
        let permissions = settings.filePermissions
        try await forEachDirectory { directory throws(StoreError) in
            try directory.prepare(filePermissions: permissions)
        }
    }

    private func forEachDirectory(
        _ work: @escaping @Sendable (DataDirectory) throws(StoreError) -> Void
    ) async throws(StoreError) {
        let directories = directories
        do throws(StoreError) {
            try await pool.run { () throws(StoreError) in
                for directory in directories { try work(directory) }
            }
        } catch {
            throw error.naming(store: id, option: "data directory")
        }
    }

    public func makeWriter(
        for upload: StoreUpload, expectedSize: Int64?, context: StoreContext
    ) async throws(StoreError) -> any StoreWriter {
        let name = try PartName(upload)
        let create = { @Sendable [self] () throws(StoreError) in
            if directories.contains(where: { $0.contains(upload.imageID) }) { throw .duplicate }
            return try PartFile(
                name, in: try bestDirectory(for: expectedSize ?? 0), permissions: settings.filePermissions,
                holeSize: settings.isThinProvisioned ? settings.chunkSize : nil)
        }
        let file = try await pool.run(late: { $0.remove() }, create)
        return FilesystemWriter(file, store: self, pool: pool)
    }

    /// The directory of the highest priority that has room; of several with the same priority, the emptiest.
    private func bestDirectory(for size: Int64) throws(StoreError) -> String {
        if settings.directories.count == 1, let only = settings.directories.first { return only.path }
        var best: (directory: FilesystemSettings.Directory, free: Int64)?
        for directory in settings.directories {
            if let best, best.directory.priority > directory.priority { break }
            let free = try DataDirectory(path: directory.path).freeSpace()
            if free > 0, free >= size, free > best?.free ?? 0 { best = (directory, free) }
        }
        guard let best else { throw .full }
        return best.directory.path
    }

    /// The location of a complete file.
    func location(forFile path: String) -> ImageLocation {
        identity.location(url: "file://\(path)", metadata: settings.locationMetadata.metadata(forFile: path))
    }

    public func open(
        _ location: ImageLocation, range: Range<Int64>?, context: StoreContext
    ) async throws(StoreError) -> StoreContent {
        let file = try FileLocation(url: location.url)
        let paths = readablePaths
        let open = { @Sendable () throws(StoreError) in
            let opened = try file.open(in: paths)
            // Lets the kernel read further ahead; nothing depends on it.
            if range == nil { posix_fadvise(opened.descriptor, 0, 0, POSIX_FADV_SEQUENTIAL) }
            return opened
        }
        let (descriptor, size) = try await pool.run(late: { close($0.descriptor) }, open)
        let region = range ?? 0..<size
        guard region.lowerBound >= 0, region.upperBound <= size else {
            close(descriptor)
            throw .backend("the image's file has \(size) bytes, and the bytes \(region) were wanted")
        }
        return .file(descriptor: descriptor, region: region)
    }

    public func size(of location: ImageLocation, context: StoreContext) async throws(StoreError) -> Int64 {
        let file = try FileLocation(url: location.url)
        let paths = readablePaths
        return try await pool.run { () throws(StoreError) in
            let (descriptor, size) = try file.open(in: paths)
            close(descriptor)
            return size
        }
    }

    public func delete(_ location: ImageLocation, context: StoreContext) async throws(StoreError) {
        let file = try FileLocation(url: location.url)
        let (paths, readable) = (paths, readablePaths)
        try await pool.run { () throws(StoreError) in
            if !file.isBelow(paths), file.isBelow(readable) { throw .readOnly }
            try context.requireTime()
            try file.remove(in: paths)
        }
    }

    public func discard(_ upload: StoreUpload, context: StoreContext) async throws(StoreError) {
        let name = try PartName(upload)
        try await pool.run { [self] () throws(StoreError) in
            for directory in directories { try directory.discard(name, context: context) }
        }
    }

    public func discardForeign(
        imageID: String, minimumAge: Duration, context: StoreContext
    ) async throws(StoreError) {
        let imageID = try PartName(StoreUpload(imageID: imageID, uploadID: "foreign")).upload.imageID
        try await pool.run { [self] () throws(StoreError) in
            for directory in directories {
                try directory.discardForeign(imageID: imageID, minimumAge: minimumAge, context: context)
            }
        }
    }

    public func settle(_ upload: StoreUpload) async throws(StoreError) {
        let name = try PartName(upload)
        try await pool.run { [self] () throws(StoreError) in
            for directory in directories { try directory.settle(name) }
        }
    }

    public func leftovers(minimumAge: Duration) async throws(StoreError) -> [AbandonedUpload] {
        try await pool.run { [self] () throws(StoreError) in
            var found: [AbandonedUpload] = []
            for directory in directories { found += try directory.leftovers(minimumAge: minimumAge) }
            return found
        }
    }

    public func shutdown() async {
        await pool.shutdown()
    }
}

extension StoreDriver {
    /// The driver `file`.
    public static let file = StoreDriver(name: "file", schemes: FileLocation.schemes) { setup throws(StoreError) in
        FilesystemStore(
            identity: setup.identity,
            settings: try FilesystemSettings(configuration: setup.configuration, store: setup.identity.id),
            logger: setup.logger)
    }
}
