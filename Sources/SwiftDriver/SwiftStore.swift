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

    public init(
        identity: StoreIdentity, settings: SwiftSettings, eventLoopGroup: (any EventLoopGroup)? = nil, logger: Logger
    ) {
        self.identity = identity
        self.settings = settings
        connections = SwiftConnections(settings, eventLoopGroup: eventLoopGroup, logger: logger)
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
        case .address(let place, _, let login):
            return settings.accounts.account(at: place, user: login?.user) != nil
        }
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
        let mark = try await mark(upload, context)
        if try await mark.client.exists(mark.image) { throw .duplicate }
        try await makeContainer(mark.container, mark.client)
        do throws(StoreError) {
            try await mark.make()
        } catch .notFound {
            try await makeContainer(mark.markContainer, mark.client)
            try await mark.make()
        }
        return SwiftWriter(
            mark, expectedSize: expectedSize, settings: settings, location: try location(ofImage: upload.imageID))
    }

    /// Creates a container that is missing.
    private func makeContainer(_ name: String, _ client: SwiftClient) async throws(StoreError) {
        let (status, _, _) = try await client.ask(.HEAD, .init(name))
        switch status {
        case 200..<300: return
        case 404 where settings.createsContainers: break
        case 404:
            throw .backend(
                "there is no container \(name), and swift_store_create_container_on_put is not set")
        default: throw StoreError(swiftStatus: status)
        }
        let (created, _, _) = try await client.ask(.PUT, .init(name))
        guard 200..<300 ~= created else { throw StoreError(swiftStatus: created) }
    }

    private func mark(_ upload: StoreUpload, _ context: StoreContext) async throws(StoreError) -> UploadMark {
        let names = try UploadNames(upload)
        return UploadMark(
            client: try await standardClient(context), names: names,
            container: settings.container(ofImage: upload.imageID), markContainer: settings.container)
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
        let (client, path) = try await resolve(location, context)
        guard let facts = try await client.facts(path) else { throw .notFound }
        try await client.deleteWithSegments(path, facts, context: context)
    }

    public func discard(_ upload: StoreUpload, context: StoreContext) async throws(StoreError) {
        try await mark(upload, context).discard(context: context)
    }

    public func settle(_ upload: StoreUpload) async throws(StoreError) {
        try await mark(upload, .service).settle()
    }

    public func discardForeign(
        imageID: String, minimumAge: Duration, context: StoreContext
    ) async throws(StoreError) {
        let mark = try await mark(StoreUpload(imageID: imageID, uploadID: "foreign"), context)
        let client = mark.client
        let isOld = { @Sendable (written: Timestamp) in Self.age(written) >= minimumAge }
        if let facts = try await client.facts(mark.image) {
            if let uploadID = facts.uploadID,
                let other = try? await self.mark(StoreUpload(imageID: imageID, uploadID: uploadID), context),
                try await other.isUnsettled()
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

    public func leftovers(minimumAge: Duration) async throws(StoreError) -> [AbandonedUpload] {
        guard settings.accounts.standard != nil else { return [] }
        let client = try await standardClient(.service)
        var names: Set<UploadNames> = []
        try await client.list(settings.container, prefix: UploadNames.markPrefix) { entries in
            for entry in entries where Self.age(entry.written) >= minimumAge {
                if let name = UploadNames(mark: entry.name) { names.insert(name) }
            }
        }
        var found: [AbandonedUpload] = []
        for name in names {
            var size: Int64 = 0
            try await client.list(
                settings.container(ofImage: name.upload.imageID), prefix: name.segmentPrefix
            ) { entries in
                size += entries.reduce(0) { $0 + $1.size }
            }
            found.append(AbandonedUpload(name.upload, size: size))
        }
        return found
    }

    /// The servers' clocks and ours may differ by a little.
    private static func age(_ written: Timestamp) -> Duration {
        .microseconds(max(0, Timestamp.now.microseconds - written.microseconds))
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
