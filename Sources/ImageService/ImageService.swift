import ExternalHTTP
public import Identity
public import ImageDatabase
import ImageModel
public import ImageStore
public import Logging
public import NIOPosix
public import OsloConfig
public import OsloPolicy
public import UnifiedLimits

/// What every operation of the Images API does, in order: policy, quota, state, data. Knows nothing of HTTP.
///
/// The operations stand in the extensions, one file for each kind. All of them throw ``ServiceError`` (or
/// `DatabaseError`, which is nobody's fault but the database's); images that the caller may not see are `notFound`.
public struct ImageService: Sendable {
    public let configuration: Configuration
    public let stores: StoreRegistry
    let database: ImageDatabase
    let policy: Enforcer
    let quotas: Quotas
    /// Unified limits; nil without `use_keystone_limits`.
    let limits: ProjectLimits?
    /// Names this process in upload records.
    let process = ProcessIdentity.current()
    let uploads: UploadRegistry
    let pipeline: UploadPipeline
    let urlFilter: ExternalURLFilter
    let logger: Logger

    /// - Parameters:
    ///   - limits: Keystone's; nil without `use_keystone_limits`.
    ///   - threadPool: runs hashing and other work that would hold up an event loop.
    /// - Throws: ``ServiceError/invalid(_:)`` when `hashing_algorithm` is unknown.
    public init(
        configuration: Configuration, database: ImageDatabase, stores: StoreRegistry, policy: Enforcer,
        limits: ProjectLimits? = nil, threadPool: NIOThreadPool, logger: Logger
    ) throws(ServiceError) {
        self.configuration = configuration
        self.database = database
        self.stores = stores
        self.policy = policy
        self.quotas = Quotas(configuration: configuration)
        self.limits = limits
        self.uploads = UploadRegistry()
        self.pipeline = try UploadPipeline(
            hashingAlgorithm: configuration[Options.Default.hashingAlgorithm], threadPool: threadPool)
        self.urlFilter = ExternalURLFilter(configuration: configuration)
        self.logger = logger
    }

    /// The caller that a validated token stands for; the rule `context_is_admin` says whether it is an administrator.
    public func caller(identity: AuthContext, requestID: String, token: String?) async -> Caller {
        var caller = Caller(
            identity: identity, project: identity.projectID, isAdmin: false, requestID: requestID, token: token)
        caller.isAdmin = await policy.allows(
            "context_is_admin", target: PolicyTarget(caller.credentials), credentials: caller.credentials)
        return caller
    }
}

// MARK: - What the operations share

extension ImageService {
    /// Refuses changes by anonymous callers.
    func requireWriter(_ caller: Caller) throws(ServiceError) {
        if caller.isReadOnly { throw .forbidden("Anonymous callers can only read.") }
    }

    /// The image if the caller can see it at all; policies are not asked yet.
    func visibleImage(_ id: String, for caller: Caller) async throws -> Image {
        guard let image = try await database.images.find(id),
            image.isVisible(toProject: caller.project, isAdmin: caller.isAdmin)
        else { throw ServiceError.notFound("No image found with ID \(id)") }
        return image
    }

    /// Asks a policy about an image. Who may not even see it gets `notFound` whatever was asked.
    func enforce(_ rule: String, on image: Image, for caller: Caller) async throws {
        let target = image.policyTarget(for: caller)
        if await policy.allows(rule, target: target, credentials: caller.credentials) { return }
        if rule == "get_image" {
            throw ServiceError.notFound("No image found with ID \(image.id)")
        }
        guard await policy.allows("get_image", target: target, credentials: caller.credentials) else {
            throw ServiceError.notFound("No image found with ID \(image.id)")
        }
        throw Self.refused(rule)
    }

    /// Asks a policy that guards a change. Whatever it says, images of others are changed by administrators only.
    func enforceMutation(_ rule: String, on image: Image, for caller: Caller) async throws {
        try await enforce(rule, on: image, for: caller)
        if caller.isAdmin { return }
        guard let owner = image.owner, owner == caller.project else {
            throw ServiceError.forbidden("You do not own this image")
        }
    }

    /// Asks a policy about something that is not an image: the target is the caller's own project.
    func enforce(_ rule: String, for caller: Caller) async throws {
        let target: PolicyTarget = ["project_id": caller.project.map { .string($0) } ?? .null]
        guard await policy.allows(rule, target: target, credentials: caller.credentials) else {
            throw Self.refused(rule)
        }
    }

    static func refused(_ rule: String) -> ServiceError {
        .forbidden("You are not authorized to complete \(rule) action.")
    }

    /// Hides what the caller must not see of an image's locations: a deactivated image shows none but to administrators,
    /// and where locations are not to be shown at all only the store ids in their metadata stay.
    func redactLocations(of image: Image, for caller: Caller) -> Image {
        if image.locations.isEmpty { return image }
        var shown = image
        if image.status == .deactivated && !caller.isAdmin {
            shown.locations = []
        } else if !showsLocations {
            for index in shown.locations.indices { shown.locations[index].url = "" }
        }
        return shown
    }

    private var showsLocations: Bool {
        configuration[Options.Default.showMultipleLocations] || configuration[Options.Default.showImageDirectUrl]
    }
}
