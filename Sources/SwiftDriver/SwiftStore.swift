import Identity
public import ImageModel
public import ImageStore
public import JSON
public import Logging
public import NIOCore
import OutgoingHTTP
import TextCoding

/// The driver `swift`: images as objects of OpenStack Swift, large ones in segments.
///
/// Names, manifests and URLs are those of glance_store, which may have written the same containers before, and reads and
/// deletes what is written here.
public struct SwiftStore: Store {
    public let identity: StoreIdentity
    public let type = "swift"
    public let isReadOnly = false
    public let schemes = SwiftLocation.schemes
    let settings: SwiftSettings
    let connections: SwiftConnections
    /// Nil where one account has all images.
    private let users: UserAccounts?

    public init(
        identity: StoreIdentity, settings: SwiftSettings, eventLoopGroup: (any EventLoopGroup)? = nil, logger: Logger
    ) {
        self.identity = identity
        self.settings = settings
        connections = SwiftConnections(settings, eventLoopGroup: eventLoopGroup, logger: logger)
        users = settings.isMultiTenant ? UserAccounts(settings, connections, logger: logger) : nil
    }

    public var properties: [String: JSONValue] {
        [
            "container": .string(settings.container),
            "large_object_size": .integer(settings.largeObjectSize),
            "large_object_chunk_size": .integer(settings.segmentSize),
        ]
    }

    public func owns(_ location: ImageLocation) -> Bool {
        guard let location = try? SwiftLocation(url: location.url) else { return false }
        switch location.account {
        case .reference(let reference): return settings.accounts[reference] != nil
        case .address(_, _, let login) where users != nil:
            // Which server it is says the catalog of who asks.
            return login == nil
        case .address(let place, _, let login):
            return settings.accounts.account(at: place, user: login?.user) != nil
        }
    }

    /// Only one with the very credentials of an account of ours: for one without, and in a multi-tenant store, the service
    /// would read and remove what it may and the client may not.
    public func accepts(_ location: ImageLocation) -> Bool {
        guard users == nil, let location = try? SwiftLocation(url: location.url),
            case .address(let place, let isSecure, let login?) = location.account,
            let account = settings.accounts.account(at: place, user: login.user)
        else { return false }
        return account.credentials == .password(user: login.user, key: login.key)
            && isSecure == !account.address.lowercased().hasPrefix("http://")
    }

    // MARK: Whole store

    public func prepare() async throws(StoreError) {
        do throws(StoreError) {
            try await connections.prepare()
        } catch {
            throw naming(error)
        }
    }

    public func check() async throws(StoreError) {
        try await prepare()
        guard let account = settings.accounts.standard else { return }
        let client = try await connections.client(for: account, requestID: nil)
        guard !settings.isMultiTenant, settings.containerSeed == 0 else {
            _ = try await client.session.access()
            return
        }
        let (status, _, _) = try await client.ask(.HEAD, .init(settings.container))
        switch status {
        case 200..<300: return
        case 404 where settings.createsContainers: return
        case 404: throw naming(Self.missing(settings.container))
        default: throw StoreError(swiftStatus: status)
        }
    }

    private func naming(_ error: StoreError) -> StoreError {
        guard case .badConfiguration(let text) = error else { return error }
        return .badConfiguration("store \(id): \(text)")
    }

    private static func missing(_ container: String) -> StoreError {
        .badConfiguration(
            "swift_store_container: there is no container \(container), and swift_store_create_container_on_put is not set"
        )
    }

    public func shutdown() async { await connections.shutdown() }

    // MARK: Writing

    public func makeWriter(
        for upload: StoreUpload, expectedSize: Int64?, context: StoreContext
    ) async throws(StoreError) -> any StoreWriter {
        let names = try UploadNames(upload)
        guard let users else {
            let mark = try await mark(names, context)
            return try await writer(mark, expectedSize, at: try location(ofImage: upload.imageID))
        }
        let isLong = expectedSize.map { $0 >= settings.largeObjectSize } ?? true
        let mark = try await users.begin(names, isLong: isLong, context)
        do throws(StoreError) {
            // Nobody else writes to the image's container: what is there is of uploads that have died.
            try await discardOthers(mark, context)
            let url = try await mark.client.session.access().storageURL
            let account = SwiftLocation.Account.address(
                SwiftAccount.place(ofAddress: url), isSecure: !url.lowercased().hasPrefix("http://"), nil)
            let location = SwiftLocation(account: account, container: mark.container, object: upload.imageID)
            return try await writer(mark, expectedSize, at: identity.location(url: location.url))
        } catch {
            // Now, as long as there is the user's token.
            try? await discard(upload, context: context)
            throw error
        }
    }

    private func discardOthers(_ mark: UploadMark, _ context: StoreContext) async throws(StoreError) {
        var others: Set<UploadNames> = []
        try await mark.client.list(mark.container, prefix: UploadNames.markPrefix) { entries in
            for entry in entries {
                if let names = UploadNames(mark: entry.name), names != mark.names { others.insert(names) }
            }
        }
        for names in others {
            try await mark.of(names).discard(context: context)
        }
    }

    private func writer(
        _ mark: UploadMark, _ expectedSize: Int64?, at location: ImageLocation
    ) async throws(StoreError) -> SwiftWriter {
        if try await mark.client.exists(mark.image) { throw .duplicate }
        try await mark.client.makeContainer(mark.container, settings)
        do throws(StoreError) {
            try await mark.make()
        } catch .notFound {
            try await mark.client.makeContainer(mark.markContainer, settings)
            try await mark.make()
        }
        return SwiftWriter(mark, expectedSize: expectedSize, settings: settings, location: location)
    }

    private func mark(_ names: UploadNames, _ context: StoreContext) async throws(StoreError) -> UploadMark {
        UploadMark(
            client: try await standardClient(context), names: names,
            container: settings.container(ofImage: names.upload.imageID), markContainer: settings.container)
    }

    private func standardClient(_ context: StoreContext) async throws(StoreError) -> SwiftClient {
        guard let account = settings.accounts.standard else {
            throw .badConfiguration("store \(id): there is no account for new images")
        }
        return try await connections.client(for: account, requestID: context.requestID)
    }

    func location(ofImage imageID: String) throws(StoreError) -> ImageLocation {
        let account: SwiftLocation.Account
        if settings.accounts.areInFile {
            account = .reference(settings.accounts.reference)
        } else if let standard = settings.accounts.standard {
            var login: SwiftLocation.Login?
            // Python Glance finds the account by them.
            if case .password(let user, let key) = standard.credentials { login = .init(user: user, key: key) }
            account = .address(
                standard.place, isSecure: !standard.address.lowercased().hasPrefix("http://"), login)
        } else {
            throw .badConfiguration("store \(id): there is no account for new images")
        }
        let location = SwiftLocation(
            account: account, container: settings.container(ofImage: imageID), object: imageID)
        return identity.location(url: location.url)
    }

    // MARK: Reading

    /// A client for a location's account, and the object's place.
    private func resolve(
        _ location: ImageLocation, _ context: StoreContext
    ) async throws(StoreError) -> (SwiftClient, SwiftClient.Path) {
        let location = try SwiftLocation(url: location.url)
        if let users {
            return (try await users.client(for: location, context), .init(location.container, location.object))
        }
        let account = try account(of: location)
        return (
            try await connections.client(for: account, requestID: context.requestID),
            .init(location.container, location.object)
        )
    }

    private func account(of location: SwiftLocation) throws(StoreError) -> SwiftAccount {
        switch location.account {
        case .reference(let reference):
            if let account = settings.accounts[reference] { return account }
            throw .badLocation("the location names a Swift account that swift_store_config_file does not have")
        case .address(let place, let isSecure, let login):
            // Its password may have been changed since.
            if let account = settings.accounts.account(at: place, user: login?.user) { return account }
            guard let login, login.user.contains(":") else {
                throw .badLocation("the location names no user of Swift that is of the form project:user")
            }
            var account =
                settings.accounts.standard
                ?? SwiftAccount(address: "", credentials: .password(user: login.user, key: login.key))
            account.address = "http\(isSecure ? "s" : "")://\(place)"
            account.credentials = .password(user: login.user, key: login.key)
            if account.version == .v3 { _ = try account.keystone() }
            return account
        }
    }

    public func open(
        _ location: ImageLocation, range: Range<Int64>?, context: StoreContext
    ) async throws(StoreError) -> StoreContent {
        let (client, path) = try await resolve(location, context)
        if let range, range.isEmpty {
            guard try await client.exists(path) else { throw .notFound }
            return .stream(size: 0, chunks: StoreChunks { { nil } })
        }
        let response = try await client.download(path, range: range)
        let bytes: Range<Int64>
        switch (response.status.code, range) {
        case (206, let range?):
            guard response.contentRange == range else {
                throw .backend("Swift sends other bytes than those that were asked for")
            }
            bytes = range
        case (200, nil):
            guard let length = response.contentLength else {
                throw .backend("Swift does not say how many bytes an object has")
            }
            bytes = 0..<length
        case (200, _?), (416, _): throw .backend("Swift does not have the bytes that were asked for")
        default: throw StoreError(swiftStatus: response.status.code)
        }
        let body = SwiftBody(
            response, client: client, path: path, range: bytes, retries: settings.downloadRetries)
        return .stream(size: Int64(bytes.count), chunks: StoreChunks { { try await body.next() } })
    }

    public func size(of location: ImageLocation, context: StoreContext) async throws(StoreError) -> Int64 {
        let (client, path) = try await resolve(location, context)
        guard let facts = try await client.facts(path) else { throw .notFound }
        return facts.size
    }

    // MARK: Removing

    public func delete(_ location: ImageLocation, context: StoreContext) async throws(StoreError) {
        try await asUserOrService(context) { context throws(StoreError) in
            try await remove(location, context: context)
        }
    }

    /// What an administrator asks for about the image of another project may need the service's own role in Swift.
    private func asUserOrService(
        _ context: StoreContext, _ work: (StoreContext) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        do throws(StoreError) {
            try await work(context)
        } catch .permissionDenied(let text) {
            guard users != nil, context.user != nil, settings.accounts.standard != nil else {
                throw .permissionDenied(text)
            }
            var own = context
            own.user = nil
            try await work(own)
        }
    }

    private func remove(_ location: ImageLocation, context: StoreContext) async throws(StoreError) {
        let (client, path) = try await resolve(location, context)
        guard let facts = try await client.facts(path) else { throw .notFound }
        try await client.deleteWithSegments(path, facts, context: context)
        if users != nil {
            // It was the image's own. Only the account's owner may remove it, and nobody while something is in it.
            _ = try? await client.delete(.init(path.container))
        }
    }

    public func discard(_ upload: StoreUpload, context: StoreContext) async throws(StoreError) {
        try await finish(upload, context) { mark throws(StoreError) in
            try await mark.discard(context: context)
            // The image's own container. It stays while something is in it.
            if users != nil { _ = try? await mark.client.delete(.init(mark.container)) }
        }
    }

    public func settle(_ upload: StoreUpload) async throws(StoreError) {
        try await finish(upload, .service) { mark throws(StoreError) in try await mark.settle() }
    }

    private func finish(
        _ upload: StoreUpload, _ context: StoreContext, _ work: (UploadMark) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        let names = try UploadNames(upload)
        if let users {
            try await users.finish(names, work)
        } else {
            try await work(try await mark(names, context))
        }
    }

    public func share(
        _ location: ImageLocation, with readers: StoreReaders, context: StoreContext
    ) async throws(StoreError) {
        guard users != nil else { return }
        try await asUserOrService(context) { context throws(StoreError) in
            try await setReaders(of: location, to: readers, context: context)
        }
    }

    private func setReaders(
        of location: ImageLocation, to readers: StoreReaders, context: StoreContext
    ) async throws(StoreError) {
        let (client, path) = try await resolve(location, context)
        let administrators = settings.adminProjects.map { "\($0):*" }
        let projects =
            switch readers {
            case .everybody: ["*:*"]
            case .projects(let projects): projects.map { "\($0):*" } + administrators
            }
        let (status, _, _) = try await client.ask(
            .POST, .init(path.container),
            headers: [
                "X-Container-Read": projects.joined(separator: ","),
                "X-Container-Write": administrators.joined(separator: ","),
            ])
        guard 200..<300 ~= status else { throw StoreError(swiftStatus: status) }
    }

    public func discardForeign(
        imageID: String, minimumAge: Duration, context: StoreContext
    ) async throws(StoreError) {
        guard let mark = try await foreignMark(ofImage: imageID, context) else { return }
        let client = mark.client
        let isOld = { @Sendable (written: Timestamp) in written.age >= minimumAge }
        if let facts = try await client.facts(mark.image) {
            if let uploadID = facts.uploadID,
                let names = try? UploadNames(StoreUpload(imageID: imageID, uploadID: uploadID)),
                try await mark.of(names).isUnsettled()
            {
                return
            }
            guard isOld(facts.written) else { return }
            try await client.deleteWithSegments(mark.image, facts, context: context)
        }
        try await client.deleteAll(mark.container, prefix: "\(imageID)-", context: context) { entry in
            UploadNames.isForeignSegment(entry.name, ofImage: imageID) && isOld(entry.written)
        }
    }

    /// Where an image would be, whoever has written it.
    private func foreignMark(ofImage imageID: String, _ context: StoreContext) async throws(StoreError) -> UploadMark? {
        let names = try UploadNames(StoreUpload(imageID: imageID, uploadID: "foreign"))
        guard let users else { return try await mark(names, context) }
        guard let user = context.user else { return nil }
        let session = UserSession(storageURL: try users.storageURL(of: user), token: user.token)
        let container = settings.container(ofImage: imageID)
        return UploadMark(
            client: try await connections.client(session, requestID: context.requestID), names: names,
            container: container, markContainer: container)
    }

    public func leftovers(minimumAge: Duration) async throws(StoreError) -> [AbandonedUpload] {
        if let users { return try await users.leftovers(minimumAge: minimumAge) }
        let client = try await standardClient(.service)
        var names: Set<UploadNames> = []
        try await client.list(settings.container, prefix: UploadNames.markPrefix) { entries in
            for entry in entries where entry.written.age >= minimumAge {
                if let name = UploadNames(mark: entry.name) { names.insert(name) }
            }
        }
        var found: [AbandonedUpload] = []
        for name in names { found.append(AbandonedUpload(name.upload, size: try await mark(name, .service).size())) }
        return found
    }
}

extension StoreDriver {
    /// The driver `swift`.
    public static let swift = StoreDriver(name: "swift", schemes: SwiftLocation.schemes) { setup throws(StoreError) in
        SwiftStore(
            identity: setup.identity,
            settings: try SwiftSettings(configuration: setup.configuration, store: setup.identity.id),
            eventLoopGroup: setup.eventLoopGroup, logger: setup.logger)
    }
}
