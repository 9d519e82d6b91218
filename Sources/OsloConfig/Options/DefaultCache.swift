extension Options.Default {
    public static let imageCacheSqliteDb = Option<String>(
        .honoured, group, "image_cache_sqlite_db", default: "cache.db",
        deprecated: "the index lives in the service's database",
        help: "Name of the index in image_cache_dir that the sqlite cache driver uses.")

    public static let imageCacheDriver = Option<String>(
        .honoured, group, "image_cache_driver", default: "centralized_db",
        choices: ["centralized_db", "sqlite", "xattr"],
        help: "Where it is written down which images are cached.")

    public static let imageCacheMaxSize = Option<Int>(
        .honoured, group, "image_cache_max_size", default: 10_737_418_240, minimum: 0,
        help: "Bytes to which pruning reduces the cache.")

    public static let imageCacheStallTime = Option<Int>(
        .honoured, group, "image_cache_stall_time", default: 86400, minimum: 0,
        help: "Seconds after which a cache file that is still incomplete is given up.")

    public static let imageCacheDir = Option<String?>(
        .honoured, group, "image_cache_dir", default: nil,
        help: "Directory of cached images. Without it there is no cache.")

    static var cacheOptions: [OptionDeclaration] {
        [
            imageCacheSqliteDb.declaration, imageCacheDriver.declaration, imageCacheMaxSize.declaration,
            imageCacheStallTime.declaration, imageCacheDir.declaration,
        ]
    }
}
