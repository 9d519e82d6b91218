public import Glibc
public import ImageStore
public import OsloConfig

/// The options `filesystem_store_*` of one store.
public struct FilesystemSettings: Sendable {
    /// One data directory and its rank among several.
    public struct Directory: Sendable, Equatable {
        /// Absolute, without `.`, `..`, doubled slashes or a slash at the end.
        public var path: String
        /// New images go to the directories of the highest priority that have room.
        public var priority: Int

        public init(path: String, priority: Int = 0) {
            self.path = path
            self.priority = priority
        }
    }

    /// At least one, highest priority first.
    public var directories: [Directory]
    /// Absolute paths of directories that are read from, and never written to: where images were before.
    public var furtherDirectories: [String] = []
    /// `filesystem_store_file_perm`; nil leaves what the umask makes of 0666.
    public var filePermissions: mode_t?
    /// The content of `filesystem_store_metadata_file`.
    public var locationMetadata = LocationMetadata()
    /// Bytes of a block that thin provisioning tests for zeros.
    public var chunkSize = 65536
    /// Whether blocks of zeros become holes.
    public var isThinProvisioned = false
    /// Seconds that one file operation may take; 0 is no limit.
    public var timeout = 0
    /// Threads for operations with a limit of time.
    public var threadPoolSize = 10
    /// Percentage of busy threads at which a warning is logged.
    public var threadPoolThreshold = 75

    public init(directories: [Directory]) {
        self.directories = directories.sorted { $0.priority > $1.priority }
    }

    /// The settings of the store `store`; reads the metadata file.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)`` with the option and what is wrong.
    public init(configuration: Configuration, store: String) throws(StoreError) {
        self.init(directories: try Self.directories(configuration, store))
        do throws(StoreError) {
            for path in configuration.value(Options.FileStore.filesystemStoreReadOnlyDatadirs, store: store)
            where !path.isEmpty {
                furtherDirectories.append(try Directory(option: path, hasPriority: false).path)
            }
        } catch {
            throw error.naming(store: store, option: "filesystem_store_read_only_datadirs")
        }
        let permissions = configuration.value(Options.FileStore.filesystemStoreFilePerm, store: store)
        if permissions != 0 {
            guard let mode = mode_t(exactly: permissions), mode & ~0o777 == 0, mode & S_IRUSR != 0 else {
                throw .badConfiguration(
                    "store \(store): filesystem_store_file_perm must be an octal mode up to 777 that lets the owner read "
                        + "(4xx, 6xx)")
            }
            filePermissions = mode
        }
        if let file = configuration.value(Options.FileStore.filesystemStoreMetadataFile, store: store), !file.isEmpty {
            do throws(StoreError) {
                locationMetadata = try LocationMetadata(file: file)
            } catch {
                throw error.naming(store: store, option: "filesystem_store_metadata_file")
            }
        }
        chunkSize = configuration.value(Options.FileStore.filesystemStoreChunkSize, store: store)
        isThinProvisioned = configuration.value(Options.FileStore.filesystemThinProvisioning, store: store)
        timeout = configuration.value(Options.FileStore.filesystemStoreTimeout, store: store)
        threadPoolSize = configuration.value(Options.FileStore.filesystemStoreThreadPoolSize, store: store)
        threadPoolThreshold = configuration.value(Options.FileStore.filesystemStoreThreadpoolThreshold, store: store)
    }

    private static func directories(
        _ configuration: Configuration, _ store: String
    ) throws(StoreError) -> [Directory] {
        let single = configuration.value(Options.FileStore.filesystemStoreDatadir, store: store)
        let several = configuration.value(Options.FileStore.filesystemStoreDatadirs, store: store)
        do throws(StoreError) {
            if several.isEmpty { return [try Directory(option: single, hasPriority: false)] }
        } catch {
            throw error.naming(store: store, option: "filesystem_store_datadir")
        }
        if configuration.isSet(Options.FileStore.filesystemStoreDatadir, store: store), !single.isEmpty {
            throw .badConfiguration(
                "store \(store): set either filesystem_store_datadir or filesystem_store_datadirs, not both")
        }
        var directories: [Directory] = []
        do throws(StoreError) {
            for text in several {
                let directory = try Directory(option: text, hasPriority: true)
                if let same = directories.first(where: { $0.path == directory.path }) {
                    if same == directory { continue }
                    throw .badConfiguration("\(directory.path) is listed twice with different priorities")
                }
                directories.append(directory)
            }
        } catch {
            throw error.naming(store: store, option: "filesystem_store_datadirs")
        }
        return directories
    }
}

extension FilesystemSettings.Directory {
    /// A directory as an option names it.
    ///
    /// - Parameter hasPriority: whether `option` may end in `:priority`, after the last colon.
    package init(option: String, hasPriority: Bool) throws(StoreError) {
        var path = option[...]
        var priority = 0
        if hasPriority, let colon = option.lastIndex(of: ":") {
            let digits = option[option.index(after: colon)...].filter { $0 != " " }
            guard digits.isEmpty || Int(digits) != nil else {
                throw .badConfiguration("'\(digits)' in '\(option)' is not a priority; an integer is needed")
            }
            priority = Int(digits) ?? 0
            path = option[..<colon]
        }
        while path.last == " " { path.removeLast() }
        let components = path.split(separator: "/").filter { $0 != "." }
        guard path.first == "/", !components.isEmpty, !components.contains(".."), !path.utf8.contains(0) else {
            throw .badConfiguration("'\(path)' is not an absolute path of a directory without '..'")
        }
        self.init(path: "/" + components.joined(separator: "/"), priority: priority)
    }
}
