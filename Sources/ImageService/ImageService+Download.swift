public import Authorization
import Events
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
        if !preferredStores.isEmpty {
            try await authorization.enforce(.downloadFromStore, on: image, for: caller)
            guard stores.isMultiStore else {
                throw ServiceError.invalid("A store can only be preferred when multiple stores are enabled.")
            }
            for store in preferredStores where stores[store] == nil {
                throw ServiceError.invalid("Store '\(store)' is not configured.")
            }
        }
        let isReadable = image.status == .active || image.status == .deactivated
        let sources = isReadable ? self.sources(of: image, preferring: preferredStores) : []
        return ImageDownload(
            image: image, hasData: isReadable && image.locations.contains { $0.status == .active }, sources: sources,
            context: caller.storeContext, logger: logger, common: common, caller: caller)
    }

    /// Locations with their stores, the preferred ones first, then by weight; equals in random order.
    private func sources(of image: Image, preferring preferred: [String]) -> [ImageDownload.Source] {
        image.locations.shuffled()
            .filter { $0.status == .active }
            .compactMap { location in
                stores.store(for: location).map { ImageDownload.Source(store: $0, location: location) }
            }
            .sorted { left, right in
                let (leftRank, rightRank) = (rank(left, preferred), rank(right, preferred))
                return leftRank == rightRank ? left.store.weight > right.store.weight : leftRank < rightRank
            }
    }

    private func rank(_ source: ImageDownload.Source, _ preferred: [String]) -> Int {
        preferred.contains(source.store.id) ? 0 : 1
    }
}

/// A download that has been allowed.
public struct ImageDownload: Sendable {
    public let image: Image
    /// Whether there is data at all.
    public let hasData: Bool
    let sources: [Source]
    let context: StoreContext
    let logger: Logger
    let common: ServiceContext
    let caller: Caller

    struct Source: Sendable {
        let store: any Store
        let location: ImageLocation
    }

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

    /// Opens the data in the first source that works.
    ///
    /// - Parameter range: bytes wanted, within the image's size; nil is everything.
    /// - Throws: ``ServiceError`` when no source works: the error of the last one.
    public func open(range: Range<Int64>?) async throws -> StoreContent {
        var failure: any Error = StoreError.backend("no store that is configured here holds the image's data")
        if sources.isEmpty {
            logger.log(
                .imageDataUnreadable, level: .warning, "Image data could not be opened",
                metadata: ["image_id": "\(image.id)", "store": "", "error": "\(failure)"])
        }
        for source in sources {
            do {
                return try await source.store.open(source.location, range: range, context: context)
            } catch {
                failure = error
                // An outage is told by the store itself.
                logger.log(
                    .imageDataUnreadable, level: error.isOutage && !source.store.isReadOnly ? .debug : .warning,
                    "Image data could not be opened",
                    metadata: ["image_id": "\(image.id)", "store": "\(source.store.id)", "error": "\(error)"])
            }
        }
        throw ImageService.clientError(failure)
    }
}
