public import ImageStore
public import OsloConfig
public import RBD

/// The options `rbd_*` and `rados_connect_timeout` of one store.
public struct RBDSettings: Sendable {
    /// How the cluster is reached.
    public var cluster: CephSettings
    /// The pool of new images, and of locations that name none.
    public var pool: String
    /// `rbd_store_chunk_size` in bytes.
    public var chunkSize: Int64
    /// Whether blocks of zeros are left out.
    public var isThinProvisioned: Bool

    public init(
        cluster: CephSettings, pool: String = "images", chunkSize: Int64 = 8 << 20, isThinProvisioned: Bool = false
    ) {
        self.cluster = cluster
        self.pool = pool
        self.chunkSize = chunkSize
        self.isThinProvisioned = isThinProvisioned
    }

    /// An image's objects have 2 to the power of this many bytes: as many as the chunk size, or the next smaller power.
    var order: Int { Int64.bitWidth - 1 - chunkSize.leadingZeroBitCount }

    /// The settings of the store `store`.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)`` with the option and what is wrong.
    public init(configuration: Configuration, store: String) throws(StoreError) {
        let file = configuration.value(Options.RbdStore.rbdStoreCephConf, store: store)
        let user = configuration.value(Options.RbdStore.rbdStoreUser, store: store)
        // Nothing, or a negative number, leaves it to librados; so does 0 there.
        let timeout = configuration.value(Options.RbdStore.radosConnectTimeout, store: store)
        cluster = CephSettings(
            configurationFile: file.isEmpty ? nil : file, user: user == "" ? nil : user,
            timeout: timeout > 0 ? timeout : nil)
        pool = configuration.value(Options.RbdStore.rbdStorePool, store: store)
        guard !pool.isEmpty else { throw .badConfiguration("store \(store): rbd_store_pool must name a pool") }
        let megabytes = configuration.value(Options.RbdStore.rbdStoreChunkSize, store: store)
        guard (1...63).contains(megabytes) else {
            throw .badConfiguration(
                "store \(store): rbd_store_chunk_size must be from 1 to 63: RBD's objects have 32 MiB at most")
        }
        chunkSize = Int64(megabytes) << 20
        isThinProvisioned = configuration.value(Options.RbdStore.rbdThinProvisioning, store: store)
    }
}
