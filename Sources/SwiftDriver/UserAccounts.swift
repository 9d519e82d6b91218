import Identity
import ImageStore
import Logging
import Synchronization

/// The accounts of users, where images of a multi-tenant store are: who asks, with which token, and where.
///
/// What the service does by itself, such as removing what the scrubber finds, it does as its own user, which needs a role
/// that may use the accounts of others.
final class UserAccounts: Sendable {
    private let settings: SwiftSettings
    private let connections: SwiftConnections
    private let logger: Logger
    /// Uploads under way: only who began them has a token for their account.
    private let uploads = Mutex<[StoreUpload: Upload]>([:])

    private struct Upload {
        var mark: UploadMark
        var trust: TrustSession?
    }

    init(_ settings: SwiftSettings, _ connections: SwiftConnections, logger: Logger) {
        self.settings = settings
        self.connections = connections
        self.logger = logger
    }

    // MARK: Accounts

    /// The URL of the user's own account.
    func storageURL(of user: StoreContext.User) throws(StoreError) -> String {
        if let endpoint = settings.endpoint { return endpoint }
        guard let text = user.serviceCatalog, let catalog = ServiceCatalog(text) else {
            throw .permissionDenied("a multi-tenant store of Swift needs the service catalog of the user's token")
        }
        guard let url = AccountEndpoint(settings).url(in: catalog) else {
            throw .permissionDenied(
                "the user's service catalog lists no endpoint of Swift as the store's options want it")
        }
        return url
    }

    /// A client for the account of a location.
    func client(for location: SwiftLocation, _ context: StoreContext) async throws(StoreError) -> SwiftClient {
        guard case .address(let place, let isSecure, nil) = location.account else {
            throw .badLocation("the location is not one of a multi-tenant store of Swift")
        }
        let url = "http\(isSecure ? "s" : "")://\(place)"
        if let user = context.user {
            // A location may be anybody's work, and the token goes where it leads.
            guard Self.origin(url) == Self.origin(try storageURL(of: user)) else { throw Self.foreign }
            return try await connections.client(
                UserSession(storageURL: url, token: user.token), requestID: context.requestID)
        }
        let own = try await ownSession()
        guard Self.origin(url) == Self.origin(try await own.access().storageURL) else { throw Self.foreign }
        return try await connections.client(OtherAccount(storageURL: url, session: own), requestID: context.requestID)
    }

    private static let foreign = StoreError.badLocation("the location leads to another server than the store's Swift")

    /// Scheme, host and port.
    private static func origin(_ url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.prefix(3).joined(separator: "/").lowercased()
    }

    private func ownSession() async throws(StoreError) -> any SwiftSession {
        guard let account = settings.accounts.standard else {
            throw .permissionDenied(
                "without a user, a multi-tenant store of Swift needs swift_store_auth_address, swift_store_user and swift_store_key"
            )
        }
        return try await connections.session(for: account)
    }

    // MARK: Uploads

    /// Begins an upload into the user's account.
    ///
    /// - Parameter isLong: whether the token may end before the upload does.
    func begin(
        _ names: UploadNames, isLong: Bool, _ context: StoreContext
    ) async throws(StoreError) -> UploadMark {
        guard let user = context.user else {
            throw .permissionDenied("a multi-tenant store of Swift needs a user's token")
        }
        let url = try storageURL(of: user)
        var trust: TrustSession?
        if isLong, settings.usesTrusts, let account = settings.accounts.standard, account.version == .v3 {
            do throws(StoreError) {
                trust = try await connections.trust(of: user, account, storageURL: url)
            } catch {
                // Most uploads end before the token does.
                logger.warning(
                    "A user's upload has to do with the user's token: there is no trust",
                    metadata: ["error": "\(error)"])
            }
        }
        let session: any SwiftSession = trust ?? UserSession(storageURL: url, token: user.token)
        let container = settings.container(ofImage: names.upload.imageID)
        let mark = UploadMark(
            client: try await connections.client(session, requestID: context.requestID), names: names,
            container: container, markContainer: container)
        let (known, begun) = (Upload(mark: mark, trust: trust), names.upload)
        uploads.withLock { $0[begun] = known }
        return mark
    }

    /// The mark of an upload that this process has begun.
    func mark(of upload: StoreUpload) -> UploadMark? { uploads.withLock { $0[upload]?.mark } }

    /// The upload is over.
    func end(_ upload: StoreUpload) async {
        let ended = uploads.withLock { $0.removeValue(forKey: upload) }
        await ended?.trust?.shutdown()
    }
}

/// The account of another project, with the service's own token.
private struct OtherAccount: SwiftSession {
    let storageURL: String
    let session: any SwiftSession

    func access() async throws(StoreError) -> SwiftAccess {
        var access = try await session.access()
        access.storageURL = storageURL
        return access
    }

    func forget(_ refused: SwiftAccess) async -> Bool { await session.forget(refused) }
}
