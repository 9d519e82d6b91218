extension Options {
    /// The group `[glance_store]`.
    public enum RbdStore {
        static let group = "glance_store"

        public static let rbdStoreChunkSize = Option<Int>(
            .honoured, group, "rbd_store_chunk_size", default: 8, minimum: 1,
            help: "Size of RADOS objects in MiB; a power of two is best.")

        public static let rbdStorePool = Option<String>(
            .honoured, group, "rbd_store_pool", default: "images",
            help: "Pool of images.")

        public static let rbdStoreUser = Option<String?>(
            .honoured, group, "rbd_store_user", default: nil,
            help: "Cephx user without client.; unset is admin.")

        public static let rbdStoreCephConf = Option<String>(
            .honoured, group, "rbd_store_ceph_conf", default: "",
            help: "The ceph.conf to use; empty looks in Ceph's usual places.")

        public static let radosConnectTimeout = Option<Int>(
            .honoured, group, "rados_connect_timeout", default: -1,
            help: "Seconds to wait for the cluster; 0 and less leave it to librados.")

        public static let rbdThinProvisioning = Option<Bool>(
            .honoured, group, "rbd_thin_provisioning", default: false,
            help: "Leaves blocks of zeros out of images.")

        static var all: [OptionDeclaration] {
            [
                rbdStoreChunkSize.declaration, rbdStorePool.declaration, rbdStoreUser.declaration,
                rbdStoreCephConf.declaration, radosConnectTimeout.declaration, rbdThinProvisioning.declaration,
            ]
        }
    }
}
