extension Options {
    /// The group `[glance_store]`.
    public enum FileStore {
        static let group = "glance_store"

        public static let filesystemStoreDatadir = Option<String>(
            .honoured, group, "filesystem_store_datadir", default: "/var/lib/glance/images",
            help: "Directory of image files.")

        public static let filesystemStoreDatadirs = Option<[String]>(
            .honoured, group, "filesystem_store_datadirs", default: [], type: .multi,
            deprecated: "newer releases will drop it",
            help: "dir[:priority] list; multi-valued; exclusive with the previous.")

        public static let filesystemStoreMetadataFile = Option<String?>(
            .honoured, group, "filesystem_store_metadata_file", default: nil,
            help: "JSON of extra location metadata (id, mountpoint).")

        public static let filesystemStoreFilePerm = Option<Int>(
            .honoured, group, "filesystem_store_file_perm", default: 0, type: .fileMode,
            help: "Octal mode of new files; 0 leaves umask result.")

        public static let filesystemStoreChunkSize = Option<Int>(
            .honoured, group, "filesystem_store_chunk_size", default: 65536, minimum: 1,
            help: "Read/write block, bytes.")

        public static let filesystemThinProvisioning = Option<Bool>(
            .honoured, group, "filesystem_thin_provisioning", default: false,
            help: "Leave zero blocks as holes.")

        public static let filesystemStoreTimeout = Option<Int>(
            .honoured, group, "filesystem_store_timeout", default: 0, minimum: 0,
            help: "Seconds per file operation before 503; 0 off.")

        public static let filesystemStoreThreadPoolSize = Option<Int>(
            .honoured, group, "filesystem_store_thread_pool_size", default: 10, minimum: 1,
            help: "Threads used for timed operations.")

        public static let filesystemStoreThreadpoolThreshold = Option<Int>(
            .honoured, group, "filesystem_store_threadpool_threshold", default: 75, minimum: 0, maximum: 100,
            help: "Pool usage percent that logs a warning.")

        static var all: [OptionDeclaration] {
            [
                filesystemStoreDatadir.declaration, filesystemStoreDatadirs.declaration,
                filesystemStoreMetadataFile.declaration, filesystemStoreFilePerm.declaration,
                filesystemStoreChunkSize.declaration, filesystemThinProvisioning.declaration,
                filesystemStoreTimeout.declaration, filesystemStoreThreadPoolSize.declaration,
                filesystemStoreThreadpoolThreshold.declaration,
            ]
        }
    }
}
