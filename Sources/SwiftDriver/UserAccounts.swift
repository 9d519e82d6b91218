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
    private let records: UploadRecords
    private let logger: Logger
    /// Uploads that this process has begun, with a token for their account.
    private let uploads = Mutex<[StoreUpload: Upload]>([:])

    private struct Upload {
        var mark: UploadMark
        var trust: TrustSession?
    }

    init(_ settings: SwiftSettings, _ connections: SwiftConnections, logger: Logger) {
        self.settings = settings
        self.connections = connections
        records = UploadRecords(settings: settings, connections: connections)
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
        do throws(StoreError) {
            try await records.write(.init(account: url, trust: trust?.trust.id), of: names)
        } catch {
            // Needed only should this process be killed.
            logger.warning(
                "An upload into a user's account cannot be written down in the service's own account",
                metadata: ["container": "\(settings.container)", "error": "\(error)"])
        }
        let session: any SwiftSession = trust ?? UserSession(storageURL: url, token: user.token)
        let mark = mark(names, try await connections.client(session, requestID: context.requestID))
        let (known, begun) = (Upload(mark: mark, trust: trust), names.upload)
        uploads.withLock { $0[begun] = known }
        return mark
    }

    /// In the image's own container, which has everything of its uploads.
    private func mark(_ names: UploadNames, _ client: SwiftClient) -> UploadMark {
        let container = settings.container(ofImage: names.upload.imageID)
        return UploadMark(client: client, names: names, container: container, markContainer: container)
    }

    /// Ends an upload: does to what it has in the user's account what `work` does, and forgets it.
    ///
    /// With the token of who began it where that is known, else by the trust or as the service's own user. What none of them
    /// may do stays, and is found again when that has changed.
    func finish(
        _ names: UploadNames, _ work: (UploadMark) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        var refusal: StoreError?
        if let known = uploads.withLock({ $0[names.upload] }) {
            do throws(StoreError) {
                try await work(known.mark)
                return try await forget(names)
            } catch .permissionDenied(let text) {
                // The token has ended.
                refusal = .permissionDenied(text)
            }
        }
        guard let record = try await records.record(of: names) else {
            if let refusal { throw refusal }
            return
        }
        do throws(StoreError) {
            try await forget(names, try await reach(names, record, work))
        } catch .permissionDenied {
            await end(names.upload)
            warn(of: [names.upload.imageID])
        }
    }

    /// Does something to what an upload of another process has in a user's account.
    ///
    /// - Throws: ``StoreError/permissionDenied(_:)`` when the service's user may not.
    /// - Returns: the trust by which it was done, if it was.
    @discardableResult
    private func reach(
        _ names: UploadNames, _ record: UploadRecords.Record, _ work: (UploadMark) async throws(StoreError) -> Void
    ) async throws(StoreError) -> TrustSession? {
        if let id = record.trust, let account = settings.accounts.standard, account.version == .v3,
            record.written.age < .seconds(KeystoneTrust.longestLife)
        {
            let trust = KeystoneTrust(id: id, configured: account.address)
            let session = try await connections.session(by: trust, account, storageURL: record.account)
            do throws(StoreError) {
                try await work(mark(names, try await connections.client(session, requestID: nil)))
                return session
            } catch .permissionDenied {}
        }
        let own = OtherAccount(storageURL: record.account, session: try await ownSession())
        try await work(mark(names, try await connections.client(own, requestID: nil)))
        return nil
    }

    private func forget(_ names: UploadNames, _ trust: TrustSession? = nil) async throws(StoreError) {
        try await records.remove(names)
        await trust?.shutdown()
        await end(names.upload)
    }

    /// The upload is over as far as this process has begun it.
    func end(_ upload: StoreUpload) async {
        let ended = uploads.withLock { $0.removeValue(forKey: upload) }
        await ended?.trust?.shutdown()
    }

    /// Uploads that were written down so long ago, and have not said since that they go on.
    func leftovers(minimumAge: Duration) async throws(StoreError) -> [AbandonedUpload] {
        var found: [AbandonedUpload] = []
        var refused: [String] = []
        for names in try await records.all(minimumAge: minimumAge) {
            guard let record = try await records.record(of: names) else { continue }
            do throws(StoreError) {
                try await reach(names, record) { mark throws(StoreError) in
                    if let age = try await mark.age(), age < minimumAge { return }
                    found.append(AbandonedUpload(names.upload, size: try await mark.size()))
                }
            } catch .permissionDenied {
                refused.append(names.upload.imageID)
            } catch {
                // One trust that does not work, or an account that is away: it is found again.
                guard error.isOutage else { throw error }
            }
        }
        if !refused.isEmpty { warn(of: refused) }
        return found
    }

    private func warn(of images: [String]) {
        logger.warning(
            "What uploads have left in users' accounts cannot be removed: the service's user needs the role that is Swift's reseller_admin_role",
            metadata: ["images": "\(images.prefix(20).joined(separator: " "))"])
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
