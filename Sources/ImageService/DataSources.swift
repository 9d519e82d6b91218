import Events
package import ImageModel
package import ImageStore
package import Logging

/// Where the data of an image can be read.
package struct DataSources: Sendable {
    /// Whether there is data at all.
    package let hasData: Bool
    private let imageID: String
    private let sources: [Source]
    private let context: StoreContext
    private let logger: Logger

    private struct Source: Sendable {
        let store: any Store
        let location: ImageLocation
    }

    /// - Parameter preferred: ids of stores that are tried before the others.
    package init(
        of image: Image, in stores: StoreRegistry, preferring preferred: [String] = [], context: StoreContext,
        logger: Logger
    ) {
        imageID = image.id
        let isReadable = image.status == .active || image.status == .deactivated
        hasData = isReadable && image.locations.contains { $0.status == .active }
        sources = isReadable ? Self.sources(of: image, in: stores, preferring: preferred) : []
        self.context = context
        self.logger = logger
    }

    /// Locations with their stores, the preferred ones first, then by weight; equals in random order.
    private static func sources(
        of image: Image, in stores: StoreRegistry, preferring preferred: [String]
    ) -> [Source] {
        func rank(_ source: Source) -> Int { preferred.contains(source.store.id) ? 0 : 1 }
        return image.locations.shuffled()
            .filter { $0.status == .active }
            .compactMap { location in stores.store(for: location).map { Source(store: $0, location: location) } }
            .sorted { left, right in
                let (leftRank, rightRank) = (rank(left), rank(right))
                return leftRank == rightRank ? left.store.weight > right.store.weight : leftRank < rightRank
            }
    }

    /// Opens the data in the first source that works.
    ///
    /// - Parameter range: bytes wanted, within the image's size; nil is everything.
    /// - Throws: ``ServiceError`` when no source works: the error of the last one.
    package func open(range: Range<Int64>?) async throws -> StoreContent {
        var failure: any Error = StoreError.backend("no store that is configured here holds the image's data")
        if sources.isEmpty {
            logger.log(
                .imageDataUnreadable, level: .warning, "Image data could not be opened",
                metadata: ["image_id": "\(imageID)", "store": "", "error": "\(failure)"])
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
                    metadata: ["image_id": "\(imageID)", "store": "\(source.store.id)", "error": "\(error)"])
            }
        }
        throw ImageService.clientError(failure)
    }
}
