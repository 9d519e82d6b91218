public import Authorization
package import Events
public import ImageCache
public import ImageDatabase
package import ImageModel
public import ImageStore
public import Logging
public import Notifications

/// What the services of images share: each of them holds one of these, and what only it needs.
public struct ServiceContext: Sendable {
    public let settings: ImageServiceSettings
    public let stores: StoreRegistry
    package let database: ImageDatabase
    package let authorization: Authorization
    package let notifier: Notifier
    package let logger: Logger
    /// The cache of this node; nil without one, and in processes that do not serve requests.
    package let cache: ImageCache?
    /// Nil where properties of images are everybody's who may change the image.
    let protection: PropertyProtection?

    public init(
        settings: ImageServiceSettings, database: ImageDatabase, stores: StoreRegistry, authorization: Authorization,
        protection: PropertyProtection? = nil, cache: ImageCache? = nil, notifier: Notifier = .none, logger: Logger
    ) {
        self.cache = cache
        self.protection = protection
        self.notifier = notifier
        self.settings = settings
        self.stores = stores
        self.database = database
        self.authorization = authorization
        self.logger = logger
    }

    package var quotas: Quotas { settings.quotas }

    /// The image if the caller can see it at all; policies are not asked yet.
    package func visibleImage(_ id: String, for caller: Caller) async throws -> Image {
        var image = try authorization.visible(try await database.images.find(id), id: id, to: caller)
        image.locations = stores.ordered(image.locations)
        return image
    }

    /// The image that the caller wants to change; policies are not asked yet.
    package func changeableImage(_ id: String, for caller: Caller) async throws -> Image {
        try authorization.requireWriter(caller)
        return try await visibleImage(id, for: caller)
    }

    /// Tells the stores of an image who may read it, where they give data to users directly.
    ///
    /// The image is what the database says; that a store could not be told only keeps others from its data.
    package func shareData(of image: Image, for caller: Caller?) async {
        let readers: StoreReaders =
            image.visibility == .public || image.visibility == .community
            ? .everybody : .projects(image.visibility == .shared ? image.members.map(\.project) : [])
        for location in image.locations where location.status == .active {
            guard let store = stores.store(for: location) else { continue }
            do throws(StoreError) {
                try await store.share(location, with: readers, context: caller?.storeContext ?? .service)
            } catch {
                logger.warning(
                    "A store could not be told who may read an image",
                    metadata: ["image_id": "\(image.id)", "store": "\(store.id)", "error": "\(error)"])
            }
        }
    }

    /// Writes into the log what has happened to an image, with the request that wanted it.
    ///
    /// - Parameter facts: metadata besides image, request, user and project.
    package func log(
        _ event: Event, level: Logger.Level = .info, _ message: Logger.Message, image id: String, for caller: Caller?,
        error: (any Error)? = nil, _ facts: @autoclosure () -> Logger.Metadata = [:], file: String = #fileID,
        function: String = #function, line: UInt = #line
    ) {
        guard logger.logLevel <= level else { return }
        var metadata = facts()
        metadata["image_id"] = .string(id)
        if let error { metadata["error"] = .string("\(error)") }
        if let caller {
            if !caller.requestID.isEmpty { metadata["request_id"] = .string(caller.requestID) }
            if let user = caller.identity?.userID { metadata["user_id"] = .string(user) }
            if let project = caller.project { metadata["project_id"] = .string(project) }
        }
        logger.log(event, level: level, message, metadata: metadata, file: file, function: function, line: line)
    }
}
