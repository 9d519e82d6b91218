import Glibc
public import ImageModel
public import Logging

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
    private var directories: [DataDirectory] { paths.map(DataDirectory.init(path:)) }

    public var properties: [String: JSONValue] {
        [
            "data_dir": .string(settings.directories.first?.path ?? ""),
            "chunk_size": .integer(Int64(settings.chunkSize)),
            "thin_provisioning": .bool(settings.isThinProvisioned),
        ]
    }

    public func owns(_ location: ImageLocation) -> Bool {
        (try? FileLocation(url: location.url).isBelow(paths)) ?? false
    }

    public func prepare() async throws(StoreError) {
        do throws(StoreError) {
            try await pool.run { [self] () throws(StoreError) in
                for directory in directories { try directory.prepare(filePermissions: settings.filePermissions) }
            }
        } catch {
            throw error.naming(store: id, option: "data directory")
        }
    }

    public func makeWriter(
        imageID: String, uploadID: String, expectedSize: Int64?
    ) async throws(StoreError) -> any StoreWriter {
        let name = try PartName(imageID: imageID, uploadID: uploadID)
        let create = { @Sendable [self] () throws(StoreError) in
            if directories.contains(where: { $0.contains(imageID) }) { throw .duplicate }
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

    public func open(_ location: ImageLocation, range: Range<Int64>?) async throws(StoreError) -> StoreContent {
        let file = try FileLocation(url: location.url)
        let paths = paths
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

    public func size(of location: ImageLocation) async throws(StoreError) -> Int64 {
        let file = try FileLocation(url: location.url)
        let paths = paths
        return try await pool.run { () throws(StoreError) in
            let (descriptor, size) = try file.open(in: paths)
            close(descriptor)
            return size
        }
    }

    public func delete(_ location: ImageLocation) async throws(StoreError) {
        let file = try FileLocation(url: location.url)
        let paths = paths
        try await pool.run { () throws(StoreError) in try file.remove(in: paths) }
    }

    public func discard(imageID: String, uploadID: String) async throws(StoreError) {
        let name = try PartName(imageID: imageID, uploadID: uploadID)
        try await pool.run { [self] () throws(StoreError) in
            for directory in directories { try directory.remove([name.text, imageID]) }
        }
    }

    public func sweep(minimumAge: Duration) async throws(StoreError) -> [AbandonedUpload] {
        try await pool.run { [self] () throws(StoreError) in
            var found: [AbandonedUpload] = []
            for directory in directories { found += try directory.sweep(minimumAge: minimumAge) }
            return found
        }
    }

    public func shutdown() async {
        await pool.shutdown()
    }
}
