extension Options {
    /// The group `[glance_store]`.
    public enum Store {
        static let group = "glance_store"

        public static let storeDescription = Option<String?>(
            .honoured, group, "store_description", default: nil,
            help: "Free text shown by `GET /v2/info/stores`.")

        public static let weight = Option<Int>(
            .honoured, group, "weight", default: 0,
            help: "Download preference, higher first (not in Zed).")

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
            .honoured, group, "stores", default: ["file", "http"], deprecated: "newer releases will drop it",
            help: "Single-store mode: drivers loaded.")

        public static let defaultStore = Option<String>(
            .honoured, group, "default_store", default: "file",
            choices: [
                "file", "filesystem", "http", "https", "swift", "swift+http", "swift+https", "swift+config", "rbd",
                "cinder", "vsphere", "s3",
            ],
            deprecated: "newer releases will drop it",
            help: "Single-store mode: scheme used for new data.")

        public static let defaultBackend = Option<String?>(
            .honoured, group, "default_backend", default: nil,
            help: "Multi-store mode: store id used when none is requested; mandatory.")

        static var all: [OptionDeclaration] {
            [
                stores.declaration, defaultStore.declaration, defaultBackend.declaration,
            ]
        }
    }
}
