public import OsloConfig

/// What the options of the cache say.
public struct CacheSettings: Sendable, Equatable {
    /// Where it is written down which images are cached, by the values of `image_cache_driver`.
    public enum Driver: String, Sendable {
        case centralizedDatabase = "centralized_db"
        case sqlite
        case attributes = "xattr"
    }

    /// `image_cache_dir`
    public var directory: String
    /// `image_cache_max_size`, in bytes.
    public var maximumSize: Int64
    /// `image_cache_stall_time`
    public var stallTime: Duration
    public var driver: Driver
    /// `image_cache_sqlite_db`: the path of the index of the driver `sqlite`.
    public var indexFile: String
    /// `worker_self_reference_url`
    public var node: String?
    /// What the operator should know, one line each.
    public var warnings: [String] = []

    public init(
        directory: String, maximumSize: Int64 = 10 << 30, stallTime: Duration = .seconds(86400),
        driver: Driver = .sqlite, node: String? = nil
    ) {
        self.directory = directory
        self.maximumSize = maximumSize
        self.stallTime = stallTime
        self.driver = driver
        self.indexFile = "\(directory)/cache.db"
        self.node = node
    }

    /// Nil without a cache.
    ///
    /// - Throws: `ConfigurationError` when the main database is asked for and the node has no URL.
    public init?(_ configuration: Configuration) throws(ConfigurationError) {
        typealias Default = Options.Default
        guard var directory = configuration[Default.imageCacheDir], !directory.isEmpty else { return nil }
        while directory.count > 1, directory.hasSuffix("/") { directory.removeLast() }
        var driver = Driver(rawValue: configuration[Default.imageCacheDriver].lowercased()) ?? .centralizedDatabase
        let node = configuration[Default.workerSelfReferenceUrl].flatMap { $0.isEmpty ? nil : $0 }
        if driver == .centralizedDatabase, node == nil {
            guard !configuration.isSet(Default.imageCacheDriver) else {
                throw ConfigurationError(
                    "image_cache_driver = centralized_db needs worker_self_reference_url, the URL of this very host")
            }
            // What Zed did by default, and what upgraded installations have.
            driver = .sqlite
        }
        self.init(
            directory: directory, maximumSize: Int64(configuration[Default.imageCacheMaxSize]),
            stallTime: .seconds(configuration[Default.imageCacheStallTime]), driver: driver, node: node)
        let file = configuration[Default.imageCacheSqliteDb]
        indexFile = file.hasPrefix("/") ? file : "\(directory)/\(file)"
        if driver == .sqlite, !configuration.isSet(Default.imageCacheDriver) {
            warnings.append(
                "the image cache keeps its index in \(indexFile), because worker_self_reference_url is not set; set it, "
                    + "or image_cache_driver = sqlite")
        }
    }
}
