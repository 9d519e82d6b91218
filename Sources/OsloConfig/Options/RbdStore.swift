extension Options {
    /// The group `[glance_store]`.
    public enum RbdStore {
        static let group = "glance_store"

        public static let rbdStoreChunkSize = Option<Int>(
            .notYet, group, "rbd_store_chunk_size", default: 8, minimum: 1,
            help: "Object size in MiB.")

        public static let rbdStorePool = Option<String>(
            .notYet, group, "rbd_store_pool", default: "images",
            help: "Pool.")

        public static let rbdStoreUser = Option<String?>(
            .notYet, group, "rbd_store_user", default: nil,
            help: "Cephx user.")

        public static let rbdStoreCephConf = Option<String>(
            .notYet, group, "rbd_store_ceph_conf", default: "",
            help: "ceph.conf path.")

        public static let radosConnectTimeout = Option<Int>(
            .notYet, group, "rados_connect_timeout", default: -1,
            help: "Connect timeout; <=0 none.")

        public static let rbdThinProvisioning = Option<Bool>(
            .notYet, group, "rbd_thin_provisioning", default: false,
            help: "Skip writing zero blocks.")

        static var all: [OptionDeclaration] {
            [
                rbdStoreChunkSize.declaration, rbdStorePool.declaration, rbdStoreUser.declaration,
                rbdStoreCephConf.declaration, radosConnectTimeout.declaration, rbdThinProvisioning.declaration,
            ]
        }
    }
}
