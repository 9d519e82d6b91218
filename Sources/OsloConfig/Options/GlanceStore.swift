extension Options {
    /// The group `[glance_store]`.
    public enum Store {
        static let group = "glance_store"

        public static let storeDescription = Option<String?>(
            .honoured, group, "store_description", default: nil,
            help: "A description of the store for people, shown by GET /v2/info/stores.")

        public static let weight = Option<Int>(
            .honoured, group, "weight", default: 0,
            help: """
                Preference among the stores that hold an image: data is read from the one with the highest \
                weight.
                """)

        static var all: [OptionDeclaration] {
            [
                storeDescription.declaration, weight.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[glance_store]`.
    public enum GlanceStore {
        static let group = "glance_store"

        public static let stores = Option<[String]>(
            .honoured, group, "stores", default: ["file", "http"], deprecated: "set [DEFAULT] enabled_backends",
            help: "Store types in use when enabled_backends is not set.")

        public static let defaultStore = Option<String>(
            .honoured, group, "default_store", default: "file",
            choices: [
                "file", "filesystem", "http", "https", "swift", "swift+http", "swift+https", "swift+config", "rbd",
                "cinder", "vsphere", "s3",
            ],
            deprecated: "set default_backend",
            help: "Which of them takes new images.")

        public static let defaultBackend = Option<String?>(
            .honoured, group, "default_backend", default: nil,
            help: """
                Id of the store that takes new images unless the client names another; required with \
                enabled_backends.
                """)

        static var all: [OptionDeclaration] {
            [
                stores.declaration, defaultStore.declaration, defaultBackend.declaration,
            ]
        }
    }
}
