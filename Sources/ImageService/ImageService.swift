package import Authorization
package import ImageDatabase
import ImageModel
public import ImageSignature
public import ImageStore
package import Logging
public import NIOPosix
package import Notifications
package import Processes
public import UnifiedLimits

/// What the operations of the Images API on images, their data and their locations do, in order: policy, quota, state, data.
/// Knows nothing of HTTP. Tags and members have services of their own beside this one.
///
/// The operations stand in the extensions, one file for each kind. All of them throw ``ServiceError`` or
/// `AuthorizationError` (or `DatabaseError`, which is nobody's fault but the database's).
public struct ImageService: Sendable {
    /// What the other services of images are made from, too.
    public let common: ServiceContext
    /// Unified limits; nil without `use_keystone_limits`.
    package let limits: ProjectLimits?
    /// Has the certificates of signed images, and the keys of encrypted ones.
    let keyManager: KeyManager?
    /// Names this process in upload records.
    package let process = ProcessIdentity.current()
    package let uploads: UploadRegistry
    package let pipeline: UploadPipeline

    /// - Parameters:
    ///   - limits: Keystone's; nil without `use_keystone_limits`.
    ///   - keyManager: without one, signed images cannot be uploaded.
    ///   - threadPool: runs hashing and other work that would hold up an event loop.
    /// - Throws: ``ServiceError/invalid(_:)`` when `hashing_algorithm` is unknown.
    public init(
        _ common: ServiceContext, limits: ProjectLimits? = nil, keyManager: KeyManager? = nil, threadPool: NIOThreadPool
    ) throws(ServiceError) {
        self.common = common
        self.limits = limits
        self.keyManager = keyManager
        self.uploads = UploadRegistry()
        self.pipeline = try UploadPipeline(
            hashingAlgorithm: common.settings.hashingAlgorithm, threadPool: threadPool)
    }
}

// MARK: - What the operations share

extension ImageService {
    public var stores: StoreRegistry { common.stores }
    package var database: ImageDatabase { common.database }
    package var authorization: Authorization { common.authorization }
    package var settings: ImageServiceSettings { common.settings }
    package var quotas: Quotas { common.quotas }
    package var logger: Logger { common.logger }
    package var notifier: Notifier { common.notifier }

    /// What the caller may see of an image: no protected properties, and of locations no more than is allowed: a deactivated image shows none but to administrators,
    /// and where locations are not to be shown at all only the store ids in their metadata stay.
    /// Why an import has failed is the owner's and the administrators' to know.
    func shown(_ image: Image, to caller: Caller) async -> Image {
        var shown = redactLocations(of: image, for: caller)
        shown.locations = stores.ordered(shown.locations)
        guard let protection = common.protection else { return shown }
        for name in shown.properties.keys where await !protection.allows(.read, name, for: caller) {
            shown.properties[name] = nil
        }
        return shown
    }

    private func redactLocations(of image: Image, for caller: Caller) -> Image {
        var shown = image
        if !caller.isAdmin, caller.project != image.owner, !image.properties.isEmpty {
            shown.properties[ImportProperty.failure] = nil
        }
        if image.locations.isEmpty { return shown }
        if image.status == .deactivated && !caller.isAdmin {
            shown.locations = []
        } else if !settings.showsLocations && !settings.showsDirectURL {
            for index in shown.locations.indices { shown.locations[index].url = "" }
        }
        return shown
    }
}
