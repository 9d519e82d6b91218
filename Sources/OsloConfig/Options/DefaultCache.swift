extension Options.Default {
    public static let imageCacheSqliteDb = Option<String>(
        .notYet, group, "image_cache_sqlite_db", default: "cache.db", deprecated: "newer releases will drop it",
        help: "Cache index file name inside image_cache_dir (sqlite driver).")

    public static let imageCacheDriver = Option<String>(
        .notYet, group, "image_cache_driver", default: "centralized_db",
        choices: ["centralized_db", "sqlite", "xattr"],
        help: "Where the cache index lives; Zed default was sqlite.")

    public static let imageCacheMaxSize = Option<Int>(
        .notYet, group, "image_cache_max_size", default: 10_737_418_240, minimum: 0,
        help: "Byte ceiling that prune brings the cache down to (not a hard limit).")

    public static let imageCacheStallTime = Option<Int>(
        .notYet, group, "image_cache_stall_time", default: 86400, minimum: 0,
        help: "Seconds before an incomplete cache file counts as stalled.")

    public static let imageCacheDir = Option<String?>(
        .notYet, group, "image_cache_dir", default: nil,
        help: "Cache root; unset disables cache API even in caching flavors.")

    static var cacheOptions: [OptionDeclaration] {
        [
            imageCacheSqliteDb.declaration, imageCacheDriver.declaration, imageCacheMaxSize.declaration,
            imageCacheStallTime.declaration, imageCacheDir.declaration,
        ]
    }
}
