import FileDriver
import Glibc
public import ImageStore
public import OsloConfig
import TextCoding

/// Where data wait to be imported: `[os_glance_staging_store] filesystem_store_datadir`, or `node_staging_uri` when
/// `enabled_backends` is not set. Each file has the id of its image as name, perhaps with a suffix behind a dot.
public struct StagingDirectory: Sendable {
    /// Something in the directory whose name begins with the id of an image.
    public struct File: Sendable, Hashable {
        public var name: String
        public var imageID: String
        /// Bytes.
        public var size: Int64
        /// Since the last byte was written.
        public var age: Duration
    }

    public let path: String
    let pool = BlockingPool()

    /// Nil when the configuration names no directory, or names one that is a data directory of a store: nothing in there
    /// may ever be taken for leftovers.
    public init?(configuration: Configuration) {
        guard let path = Self.path(configuration) else { return nil }
        self.path = path
        let backends = configuration[Options.Default.enabledBackends]
        let stores = backends.isEmpty ? ["file"] : backends.filter { $0.value == "file" }.map(\.key)
        for store in stores {
            // A store that cannot be set up is somebody else's to report.
            guard let settings = try? FilesystemSettings(configuration: configuration, store: store) else { return nil }
            for directory in settings.directories where Self.isSame(directory.path, path) { return nil }
        }
    }

    private static func path(_ configuration: Configuration) -> String? {
        let text: String
        if configuration[Options.Default.enabledBackends].isEmpty {
            let uri = configuration[Options.Default.nodeStagingUri]
            guard uri.hasPrefix("file://") else { return nil }
            text = String(uri.dropFirst("file://".count))
        } else {
            let store = "os_glance_staging_store"
            let option = Options.FileStore.filesystemStoreDatadir
            text =
                configuration.isSet(option, store: store)
                ? configuration.value(option, store: store) : "/var/lib/glance/\(store)"
        }
        return (try? FilesystemSettings.Directory(option: text, hasPriority: false))?.path
    }

    private static func isSame(_ one: String, _ other: String) -> Bool {
        var (first, second) = (stat(), stat())
        guard stat(one, &first) == 0, stat(other, &second) == 0 else { return one == other }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }

    /// Regular files whose name is that of an image. None if there is no such directory.
    public func files() async throws(StoreError) -> [File] {
        let path = path
        return try await pool.run { () throws(StoreError) in
            guard let listing = opendir(path) else {
                if errno == ENOENT { return [] }
                throw StoreError(errno: errno, "cannot list the staging directory")
            }
            defer { closedir(listing) }
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            var files: [File] = []
            while let entry = readdir(listing) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
                        String(cString: $0)
                    }
                }
                var status = stat()
                guard let id = Self.imageID(name), lstat("\(path)/\(name)", &status) == 0,
                    status.st_mode & S_IFMT == S_IFREG
                else { continue }
                files.append(
                    File(
                        name: name, imageID: id, size: Int64(status.st_size),
                        age: .seconds(now.tv_sec - status.st_mtim.tv_sec)))
            }
            return files
        }
    }

    /// Removes a file that ``files()`` has found, unless it has been written to since.
    ///
    /// - Returns: whether it was removed.
    public func remove(_ file: File, minimumAge: Duration) async throws(StoreError) -> Bool {
        let path = "\(path)/\(file.name)"
        return try await pool.run { () throws(StoreError) in
            var (status, now) = (stat(), timespec())
            guard lstat(path, &status) == 0, clock_gettime(CLOCK_REALTIME, &now) == 0,
                Duration.seconds(now.tv_sec - status.st_mtim.tv_sec) >= minimumAge
            else { return false }
            if unlink(path) == 0 { return true }
            if errno == ENOENT { return false }
            throw StoreError(errno: errno, "cannot remove a staged file")
        }
    }

    /// The part of a name before its first dot, if that is an image's id.
    private static func imageID(_ name: String) -> String? {
        let id = String(name.prefix { $0 != "." })
        return UUIDText.isValid(id) ? id : nil
    }
}
