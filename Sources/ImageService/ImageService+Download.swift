public import Authorization
import ImageCache
public import ImageModel
public import ImageStore
import Logging

extension ImageService {
    /// Finds an image for download and checks all but the range (Images API v2, "Download binary image data").
    ///
    /// - Parameter preferredStores: from `?prefer=`; tried before the others.
    public func download(_ id: String, preferredStores: [String], for caller: Caller) async throws -> ImageDownload {
        let image = try await common.visibleImage(id, for: caller)
        if image.status == .deactivated && !caller.isAdmin {
            throw ServiceError.forbidden("The requested image has been deactivated. Image data download is forbidden.")
        }
        try await authorization.enforce(.downloadImage, on: image, for: caller)
        var preferredStores = preferredStores
        // What the cache has comes from no store, so nothing has to be asked or known about the stores.
        if !preferredStores.isEmpty, let cache = common.cache, await cache.holds(image) { preferredStores = [] }
        if !preferredStores.isEmpty {
            try await authorization.enforce(.downloadFromStore, on: image, for: caller)
            guard stores.isMultiStore else {
                throw ServiceError.invalid("A store can only be preferred when multiple stores are enabled.")
            }
            for store in preferredStores where stores[store] == nil {
                throw ServiceError.invalid("Store '\(store)' is not configured.")
            }
        }
        return ImageDownload(
            image: image,
            sources: DataSources(
                of: image, in: stores, preferring: preferredStores, context: caller.storeContext, logger: logger),
            common: common, caller: caller)
    }

    /// Removes a deleted image from this node's cache. Those of other nodes find out by themselves.
    func forgetCached(_ image: Image) async {
        guard let cache = common.cache else { return }
        do {
            try await cache.unqueue(image.id)
            try await cache.remove(image.id)
        } catch {
            logger.debug(
                "a deleted image stays in the cache for a while",
                metadata: ["image_id": "\(image.id)", "error": "\(error)"])
        }
    }
}

/// A download that has been allowed.
public struct ImageDownload: Sendable {
    public let image: Image
    let sources: DataSources
    let common: ServiceContext
    let caller: Caller

    /// Whether there is data at all.
    public var hasData: Bool { sources.hasData }

    /// Whether anybody hears of ``tellSent(_:of:)``.
    public var isTold: Bool { common.notifier.tells("image.send") }

    /// Tells that the data were sent, or that sending them broke off.
    ///
    /// - Parameter expected: bytes that were to be sent; nil where only the store knew.
    public func tellSent(_ bytes: Int64, of expected: Int64?) {
        common.notifier.tell(
            "image.send", priority: bytes == expected ?? bytes ? .info : .error,
            [
                "bytes_sent": .integer(bytes), "image_id": .string(image.id), "owner_id": .text(image.owner),
                "receiver_tenant_id": .text(caller.project), "receiver_user_id": .text(caller.identity?.userID),
            ])
    }

    /// Opens the data in the cache, or in the first source that works.
    ///
    /// - Parameter range: bytes wanted, within the image's size; nil is everything.
    /// - Throws: ``ServiceError`` when no source works: the error of the last one.
    public func open(range: Range<Int64>?) async throws -> StoreContent {
        if let cache = common.cache, hasData {
            let sources = sources
            let cached = try await cache.open(image, range: range) { try await sources.open(range: $0) }
            if let cached { return cached }
        }
        return try await sources.open(range: range)
    }
}
