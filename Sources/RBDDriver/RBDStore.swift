import Glibc
public import ImageModel
public import ImageStore
public import JSON
import NIOCore
import OsloConfig
import RBD
import Synchronization

/// The driver `rbd`: each image is an RBD image named by its id, with the protected snapshot `snap`, from which others make
/// their copy-on-write clones.
///
/// URLs, names and snapshots are those of Python Glance, which may have written to the same pool before. Data become visible
/// under their name only when they are complete and durable.
public struct RBDStore: Store {
    public let identity: StoreIdentity
    public let type = "rbd"
    public let isReadOnly = false
    public let schemes = RBDLocation.schemes
    private let settings: RBDSettings
    private let cache = Cache()
    let uploads = LiveUploads()

    /// What is kept of the cluster.
    private final class Cache: Sendable {
        let pools = Mutex<[String: CephPool]>([:])
        let fsid = Mutex<String?>(nil)
    }

    /// An image is not made larger than this because of what a client announces; it grows when the bytes are there.
    private static let largestAnnouncement: Int64 = 1 << 40

    public init(identity: StoreIdentity, settings: RBDSettings) {
        self.identity = identity
        self.settings = settings
    }

    public var properties: [String: JSONValue] {
        [
            "chunk_size": .integer(settings.chunkSize), "pool": .string(settings.pool),
            "thin_provisioning": .bool(settings.isThinProvisioned),
            "fsid": cache.fsid.withLock { $0 }.map { .string($0) } ?? .null,
        ]
    }

    public func owns(_ location: ImageLocation) -> Bool {
        guard let parsed = try? RBDLocation(url: location.url) else { return false }
        let fsid = cache.fsid.withLock { $0 }
        return (parsed.pool ?? settings.pool) == settings.pool
            && (parsed.fsid == nil || fsid == nil || parsed.fsid == fsid)
    }

    public func check() async throws(StoreError) {
        try await prepare()
        let pool = try await pool(nil)
        do throws(RBDError) {
            _ = try await pool.cluster.run(isPatient: false) { () throws(RBDError) in try pool.imageNames() }
        } catch {
            throw failure(error, pool.cluster)
        }
    }

    /// Loads the libraries and reads the cluster's configuration. The cluster itself may be away at the start.
    public func prepare() async throws(StoreError) {
        do throws(StoreError) {
            let settings = settings.cluster
            let fsid = try await BlockingPool().run { () throws(StoreError) in
                do throws(RBDError) { return try CephCluster.configuredID(settings) } catch { throw StoreError(error) }
            }
            cache.fsid.withLock { $0 = $0 ?? fsid }
        } catch {
            throw error.naming(store: id, option: "rbd_store_ceph_conf")
        }
    }

    // MARK: The cluster

    /// A pool, over the connection that all stores of this cluster share.
    private func pool(_ name: String?) async throws(StoreError) -> CephPool {
        let name = name ?? settings.pool
        if let pool = cache.pools.withLock({ $0[name] }) { return pool }
        let cluster: CephCluster
        do throws(RBDError) {
            cluster = try await CephConnections.shared.cluster(settings.cluster)
        } catch {
            throw StoreError(error)
        }
        cache.fsid.withLock { $0 = cluster.fsid }
        do throws(RBDError) {
            let pool = try await cluster.pool(name)
            // Locations name pools; a handful is all that there can be.
            cache.pools.withLock { if $0.count < 32 { $0[name] = pool } }
            return pool
        } catch .failed(ENOENT, _) {
            throw .backend("the Ceph cluster has no pool '\(name)'")
        } catch {
            throw failure(error, cluster)
        }
    }

    /// What a failure means. A connection on which nothing works any more is let go of; the next request makes another one.
    func failure(_ error: RBDError, _ cluster: CephCluster) -> StoreError {
        if CephConnections.shared.drop(cluster, after: error) {
            cache.pools.withLock { pools in pools = pools.filter { $0.value.cluster !== cluster } }
        }
        return StoreError(error)
    }

    // MARK: Writing

    public func makeWriter(
        for upload: StoreUpload, expectedSize: Int64?, context: StoreContext
    ) async throws(StoreError) -> any StoreWriter {
        let names = try UploadNames(upload)
        let pool = try await pool(nil)
        let target = UploadedImage(pool: pool, names: names)
        let size = min(max(expectedSize ?? 0, 0), Self.largestAnnouncement)
        let order = settings.order
        do throws(RBDError) {
            try await pool.cluster.run { () throws(RBDError) in
                if try UploadedImage.isTaken(names.final, in: pool) {
                    throw .failed(code: EEXIST, doing: "cannot make an image")
                }
                try target.create(size: size, order: order, features: Self.features(pool.cluster))
            }
            let image = try await RBDImage.open(names.part, isReadOnly: false, in: pool)
            let writer = RBDWriter(image, of: target, store: self, isThin: settings.isThinProvisioned)
            uploads.add(upload, writer)
            return writer
        } catch {
            let failure = failure(error, pool.cluster)
            if failure != .duplicate, !failure.isOutage { try? await discard(target, context: context) }
            // The name cannot be missing but because somebody has discarded the upload.
            throw failure == .notFound ? .backend("the upload has been discarded by somebody else") : failure
        }
    }

    /// As Python Glance chooses them.
    private static func features(_ cluster: CephCluster) -> UInt64 {
        let features = cluster.option("rbd_default_features").flatMap { UInt64($0) } ?? 0
        // RBD_FEATURE_LAYERING, without which there are no clones.
        return features == 0 ? 1 : features
    }

    func location(of image: String, fsid: String) -> ImageLocation {
        identity.location(url: RBDLocation(fsid: fsid, pool: settings.pool, image: image).url)
    }

    // MARK: Reading

    public func open(
        _ location: ImageLocation, range: Range<Int64>?, context: StoreContext
    ) async throws(StoreError) -> StoreContent {
        let image = try await image(location)
        let region = range ?? 0..<image.size
        guard region.lowerBound >= 0, region.upperBound <= image.size else {
            throw .backend("the RBD image has \(image.size) bytes, and the bytes \(region) were wanted")
        }
        let reader = RBDReader(image, region, store: self)
        return .stream(size: Int64(region.count), chunks: StoreChunks { { try await reader.next() } })
    }

    /// All bytes of an image.
    ///
    /// - Returns: nil when it is not in this cluster.
    func reader(of location: ImageLocation, fsid: String) async throws(StoreError) -> RBDReader? {
        let image = try await image(location)
        return image.pool.cluster.fsid == fsid ? RBDReader(image, 0..<image.size, store: self) : nil
    }

    public func size(of location: ImageLocation, context: StoreContext) async throws(StoreError) -> Int64 {
        let image = try await image(location)
        await image.close()
        return image.size
    }

    private func image(_ location: ImageLocation) async throws(StoreError) -> RBDImage {
        let parsed = try RBDLocation(url: location.url)
        let pool = try await pool(parsed.pool)
        do throws(RBDError) {
            return try await RBDImage.open(parsed.image, snapshot: parsed.snapshot, in: pool)
        } catch {
            throw failure(error, pool.cluster)
        }
    }

    // MARK: Removing

    public func delete(_ location: ImageLocation, context: StoreContext) async throws(StoreError) {
        let parsed = try RBDLocation(url: location.url)
        let pool = try await pool(parsed.pool)
        do throws(RBDError) {
            if let snapshot = parsed.snapshot {
                let image = try await RBDImage.open(parsed.image, isReadOnly: false, in: pool)
                try await removeSnapshot(snapshot, of: image, context)
            }
            try await remove(parsed.image, in: pool, context)
        } catch {
            throw failure(error, pool.cluster)
        }
    }

    /// Removes a snapshot, if there is one, and closes the image.
    private func removeSnapshot(
        _ snapshot: String, of image: RBDImage, _ context: StoreContext
    ) async throws(RBDError) {
        var failure: RBDError?
        do throws(RBDError) {
            try await image.pool.cluster.run { () throws(RBDError) in
                try RBDError.requireTime(context)
                do throws(RBDError) {
                    try image.unprotectSnapshot(snapshot)
                } catch .failed(EINVAL, _) {
                    // It was not protected.
                } catch .failed(ENOENT, _) {
                    return
                }
                try RBDError.requireTime(context)
                do throws(RBDError) { try image.removeSnapshot(snapshot) } catch .failed(ENOENT, _) {}
            }
        } catch {
            failure = error
        }
        await image.close()
        if let failure { throw failure }
    }

    private func remove(_ image: String, in pool: CephPool, _ context: StoreContext) async throws(RBDError) {
        try await pool.cluster.run { () throws(RBDError) in
            try RBDError.requireTime(context)
            do throws(RBDError) {
                try pool.removeImage(image)
            } catch .failed(ENOTEMPTY, _) {
                // Clones of the second format keep a snapshot that nobody sees. In the trash it does not take the name, and
                // waits for the last clone to go.
                try RBDError.requireTime(context)
                try pool.trashImage(image)
            }
        }
    }

    public func discard(_ upload: StoreUpload, context: StoreContext) async throws(StoreError) {
        try await discard(UploadedImage(pool: try await pool(nil), names: try UploadNames(upload)), context: context)
    }

    func discard(_ target: UploadedImage, context: StoreContext) async throws(StoreError) {
        let (names, cluster) = (target.names, target.pool.cluster)
        do throws(RBDError) {
            let isThere = try await cluster.run { () throws(RBDError) in try target.withdraw(context: context) }
            await uploads.abandon(names.upload)
            if isThere, let image = try await open(names.gone, isReadOnly: false, in: target.pool) {
                try await removeSnapshot(RBDLocation.snapshotName, of: image, context)
            }
            try await cluster.run { () throws(RBDError) in try target.remove(context: context) }
        } catch {
            throw failure(error, cluster)
        }
    }

    public func discardForeign(
        imageID: String, minimumAge: Duration, context: StoreContext
    ) async throws(StoreError) {
        let name = try UploadNames(StoreUpload(imageID: imageID, uploadID: "foreign")).final
        let pool = try await pool(nil)
        do throws(RBDError) {
            let isOurs = try await pool.cluster.run { () throws(RBDError) in
                guard let id = try pool.imageID(named: name) else { return true }
                guard try pool.hasImage(id: id) else { return false }
                return try pool.metadata(UploadedImage.key, of: id) != nil
            }
            guard !isOurs else { return }
            if let found = try await open(name, in: pool) {
                let isOld = try await Self.isDead(found, minimumAge)
                await found.close()
                guard isOld else { return }
                let image = try await RBDImage.open(name, isReadOnly: false, in: pool)
                try await removeSnapshot(RBDLocation.snapshotName, of: image, context)
            }
            try await remove(name, in: pool, context)
        } catch .failed(ENOENT, _) {
        } catch {
            throw failure(error, pool.cluster)
        }
    }

    private func open(
        _ name: String, isReadOnly: Bool = true, in pool: CephPool
    ) async throws(RBDError) -> RBDImage? {
        do throws(RBDError) {
            return try await RBDImage.open(name, isReadOnly: isReadOnly, in: pool)
        } catch .failed(ENOENT, _) {
            return nil
        }
    }

    /// Whether nobody has the image open for writing, and nobody has written to it for so long.
    private static func isDead(_ image: RBDImage, _ minimumAge: Duration) async throws(RBDError) -> Bool {
        try await image.pool.cluster.run { () throws(RBDError) in
            guard try image.watchers() == 0 else { return false }
            return .seconds(time(nil) - (try image.modificationTime())) >= minimumAge
        }
    }

    public func settle(_ upload: StoreUpload) async throws(StoreError) {
        let target = UploadedImage(pool: try await pool(nil), names: try UploadNames(upload))
        let isSettled: Bool
        do throws(RBDError) {
            isSettled = try await target.pool.cluster.run { () throws(RBDError) in try target.settle() }
        } catch {
            throw failure(error, target.pool.cluster)
        }
        if !isSettled { try await discard(target, context: .service) }
    }

    /// The images with temporary names that nobody has open. A client that was killed counts for as long as the cluster waits
    /// for it, half a minute usually.
    ///
    /// Images that are complete are not among them: without a record, nothing but their metadata tells of the upload, and that
    /// does no harm.
    public func leftovers(minimumAge: Duration) async throws(StoreError) -> [AbandonedUpload] {
        let pool = try await pool(nil)
        do throws(RBDError) {
            let names = try await pool.cluster.run { () throws(RBDError) in try pool.imageNames() }
            var found: [AbandonedUpload] = []
            for name in names {
                guard let upload = UploadNames(temporary: name)?.upload else { continue }
                // One that cannot be opened is in the middle of being made or removed.
                let image = try await open(name, in: pool)
                var isDead = true
                if let image { isDead = try await Self.isDead(image, minimumAge) }
                await image?.close()
                if isDead { found.append(AbandonedUpload(upload, size: image?.size ?? 0)) }
            }
            return found
        } catch {
            throw failure(error, pool.cluster)
        }
    }
}

extension StoreDriver {
    /// The driver `rbd`.
    public static let rbd = StoreDriver(name: "rbd", schemes: RBDLocation.schemes) { setup throws(StoreError) in
        RBDStore(
            identity: setup.identity,
            settings: try RBDSettings(configuration: setup.configuration, store: setup.identity.id))
    }
}
