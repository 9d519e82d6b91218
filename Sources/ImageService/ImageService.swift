public import Identity
public import ImageDatabase
public import ImageModel
public import ImageStore
public import Logging
public import NIOCore
public import OsloConfig
public import OsloPolicy

/// What every operation of the Images API does, in order: policy, quota, state, data. Knows nothing of HTTP.
///
/// All methods throw ``ServiceError``; images that the caller may not see are `notFound`.
public struct ImageService: Sendable {
    public let configuration: Configuration
    public let stores: StoreRegistry

    public init(
        configuration: Configuration, database: ImageDatabase, stores: StoreRegistry, policy: Enforcer, logger: Logger
    ) {
        fatalError("skeleton")
    }

    /// Builds the caller of a request: applies `context_is_admin`.
    public func caller(identity: AuthContext, requestID: String, token: String?) async -> Caller { fatalError("skeleton") }

    // MARK: Images
    public func create(_ draft: ImageDraft, for caller: Caller) async throws -> Image { fatalError("skeleton") }
    /// The query's viewer is set from `caller`.
    public func list(_ query: ImageQuery, for caller: Caller) async throws -> [Image] { fatalError("skeleton") }
    public func show(_ id: String, for caller: Caller) async throws -> Image { fatalError("skeleton") }
    public func update(_ id: String, _ changes: [ImageChange], for caller: Caller) async throws -> Image { fatalError("skeleton") }
    public func delete(_ id: String, for caller: Caller) async throws { fatalError("skeleton") }
    public func deactivate(_ id: String, for caller: Caller) async throws { fatalError("skeleton") }
    public func reactivate(_ id: String, for caller: Caller) async throws { fatalError("skeleton") }
    public func deleteFromStore(_ store: String, image id: String, for caller: Caller) async throws { fatalError("skeleton") }

    // MARK: Tags
    public func addTag(_ tag: String, to id: String, for caller: Caller) async throws { fatalError("skeleton") }
    public func removeTag(_ tag: String, from id: String, for caller: Caller) async throws { fatalError("skeleton") }

    // MARK: Members
    public func members(of id: String, for caller: Caller) async throws -> [ImageMember] { fatalError("skeleton") }
    public func member(_ project: String, of id: String, for caller: Caller) async throws -> ImageMember { fatalError("skeleton") }
    public func addMember(_ project: String, to id: String, for caller: Caller) async throws -> ImageMember { fatalError("skeleton") }
    public func setMemberStatus(_ status: ImageMember.Status, of project: String, in id: String, for caller: Caller) async throws -> ImageMember { fatalError("skeleton") }
    public func removeMember(_ project: String, from id: String, for caller: Caller) async throws { fatalError("skeleton") }

    // MARK: Data
    /// - Parameters:
    ///   - store: id from `X-Image-Meta-Store`; nil is the default store.
    ///   - expectedSize: from `Content-Length` or `x-openstack-image-size`.
    public func upload<Body: AsyncSequence & Sendable>(
        _ body: Body, to id: String, store: String?, expectedSize: Int64?, for caller: Caller
    ) async throws where Body.Element == ByteBuffer { fatalError("skeleton") }

    /// Finds the image and checks everything but the range; open the data with ``ImageDownload/open(range:)``.
    /// - Parameter preferredStores: from `?prefer=`.
    /// Nil data (`ImageDownload.size == nil`) means that the image has no location (204).
    public func download(_ id: String, preferredStores: [String], for caller: Caller) async throws -> ImageDownload { fatalError("skeleton") }

    // MARK: Discovery
    /// Throws unless the caller passes `stores_info_detail`.
    public func authorizeStoreDetails(for caller: Caller) async throws { fatalError("skeleton") }
}

/// A download that has been allowed.
public struct ImageDownload: Sendable {
    public let image: Image
    /// Whether there is data at all.
    public var hasData: Bool { !image.locations.isEmpty }
    /// Opens the data in the first location that works, by preference and weight.
    public func open(range: Range<Int64>?) async throws -> StoreContent { fatalError("skeleton") }
}
