extension Options {
    /// The group `[glance_store]`.
    public enum FileStore {
        static let group = "glance_store"

        public static let filesystemStoreDatadir = Option<String>(
            .honoured, group, "filesystem_store_datadir", default: "/var/lib/glance/images",
            help: "Directory of image files.")

        public static let filesystemStoreDatadirs = Option<[String]>(
            .honoured, group, "filesystem_store_datadirs", default: [], type: .multi,
            deprecated: "configure several stores with enabled_backends",
            help: """
                Several directories, each as directory:priority; new images go to the highest priority that \
                has room. Excludes filesystem_store_datadir.
                """)

        public static let filesystemStoreReadOnlyDatadirs = Option<[String]>(
            .honoured, group, "filesystem_store_read_only_datadirs", default: [],
            help: """
                Directories, separated by commas, where images were stored before and from which they are still read; \
                nothing is written or removed there.
                """)

        public static let filesystemStoreMetadataFile = Option<String?>(
            .honoured, group, "filesystem_store_metadata_file", default: nil,
            help: """
                JSON file with what clients should know about the directory, such as an id and a mount point; \
                it appears in the metadata of locations.
                """)

        public static let filesystemStoreFilePerm = Option<Int>(
            .honoured, group, "filesystem_store_file_perm", default: 0, type: .fileMode,
            help: """
                Mode of new image files in octal digits, such as 640; 0 leaves it to the umask. Other services \
                that read the files directly need this.
                """)

        public static let filesystemStoreChunkSize = Option<Int>(
            .honoured, group, "filesystem_store_chunk_size", default: 65536, minimum: 1,
            help: "Bytes that are read or written at a time.")

        public static let filesystemThinProvisioning = Option<Bool>(
            .honoured, group, "filesystem_thin_provisioning", default: false,
            help: "Leaves blocks of zeros out of files (sparse files) to save space.")

        public static let filesystemStoreTimeout = Option<Int>(
            .honoured, group, "filesystem_store_timeout", default: 0, minimum: 0,
            help: """
                Seconds that one operation of the file system may take before the request fails with 503; 0 \
                waits without end.
                """)

        public static let filesystemStoreThreadPoolSize = Option<Int>(
            .honoured, group, "filesystem_store_thread_pool_size", default: 10, minimum: 1,
            help: "Threads for operations of the file system.")

        public static let filesystemStoreThreadpoolThreshold = Option<Int>(
            .honoured, group, "filesystem_store_threadpool_threshold", default: 75, minimum: 0, maximum: 100,
            help: "Percentage of these threads in use from which a warning is logged.")

        static var all: [OptionDeclaration] {
            [
                filesystemStoreDatadir.declaration, filesystemStoreDatadirs.declaration,
                filesystemStoreReadOnlyDatadirs.declaration,
                filesystemStoreMetadataFile.declaration, filesystemStoreFilePerm.declaration,
                filesystemStoreChunkSize.declaration, filesystemThinProvisioning.declaration,
                filesystemStoreTimeout.declaration, filesystemStoreThreadPoolSize.declaration,
                filesystemStoreThreadpoolThreshold.declaration,
            ]
        }
    }
}
