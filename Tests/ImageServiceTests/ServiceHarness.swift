import Authorization
import Foundation
import Identity
import ImageDatabase
import ImageModel
import ImageSignature
import ImageStore
import Logging
import NIOCore
import NIOPosix
import Notifications
import OsloConfig
import OsloPolicy
import StoreDrivers
import TextCoding

@testable import ImageService

/// An image service on a database and stores of its own, in a directory that goes away with it.
final class ServiceHarness: Sendable {
    let directory: URL
    let database: ImageDatabase
    let stores: StoreRegistry
    let authorization: Authorization
    let service: ImageService
    var members: MemberService { MemberService(service.common) }
    var tags: TagService { TagService(service.common) }
    /// The default store, where the harness was asked for one that can be held.
    let holdingStore: HoldingStore?

    static let threadPool: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 4)
        pool.start()
        return pool
    }()

    /// - Parameters:
    ///   - options: lines for `[DEFAULT]`.
    ///   - multiStore: stores `fast` (default) and `slow` instead of the one of `[glance_store]`.
    ///   - holding: where the first task that comes there is held; see ``HoldingStore``.
    ///   - policies: overrides of the default rules, as YAML.
    ///   - keyManager: where the service is to find one.
    ///   - protection: text of a property protection file with roles.
    ///   - logger: gets what the service logs.
    init(
        _ options: String = "", multiStore: Bool = false, holding: HoldingStore.Point? = nil, policies: String? = nil,
        keyManager: KeyManager? = nil, protection: String? = nil, notifier: Notifier = .none,
        logger: Logger = Logger(label: "glance.tests") { _ in SwiftLogNoOpLogHandler() }
    ) async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "service-\(UUIDText.random())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let path = directory.path
        let stores =
            multiStore
            ? """
            [glance_store]
            default_backend = fast
            [fast]
            filesystem_store_datadir = \(path)/fast
            [slow]
            filesystem_store_datadir = \(path)/slow
            """
            : """
            [glance_store]
            filesystem_store_datadir = \(path)/images
            """
        let configuration = try Configuration(
            text: """
                [DEFAULT]
                \(options)
                \(multiStore ? "enabled_backends = fast:file, slow:file" : "")
                \(stores)
                """)
        database = try ImageDatabase(url: "sqlite:///\(path)/glance.sqlite", logger: logger)
        _ = try await SchemaMigrator(database).upgrade(to: SchemaMigrator.contractHead)
        try await database.checkSchema()
        let registry = try StoreRegistry(configuration: configuration, drivers: StoreDriver.all, logger: logger)
        holdingStore = holding.map { HoldingStore(registry.defaultStore, at: $0) }
        self.stores =
            holdingStore.map { StoreRegistry(stores: [$0], defaultStore: $0, isMultiStore: false) } ?? registry
        for store in self.stores.stores { try await store.prepare() }
        var policyFile: String?
        if let policies {
            policyFile = "\(path)/policy.yaml"
            try policies.write(toFile: "\(path)/policy.yaml", atomically: true, encoding: .utf8)
        }
        authorization = Authorization(
            enforcer: try Enforcer(
                defaults: DefaultPolicies.rules, policyFile: policyFile, policyDirectories: [],
                enforceNewDefaults: true, logger: logger),
            enforcesNewDefaults: true)
        var rules: PropertyProtection?
        if let protection {
            rules = try PropertyProtection(
                text: protection, path: "p", namesPolicies: false, authorization: authorization)
        }
        service = try ImageService(
            ServiceContext(
                settings: ImageServiceSettings(configuration), database: database, stores: self.stores,
                authorization: authorization,
                protection: rules, notifier: notifier, logger: logger),
            keyManager: keyManager, threadPool: Self.threadPool)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    func caller(
        _ project: String, roles: [String] = ["member", "reader"], token: String? = nil
    ) async -> Caller {
        await authorization.caller(
            identity: AuthContext(userID: "user-of-\(project)", projectID: project, roles: roles), requestID: "req-1",
            token: token)
    }

    /// A new image of `caller` that can take data.
    func queuedImage(
        for caller: Caller, visibility: Visibility? = nil, properties: [String: String] = [:]
    ) async throws -> Image {
        var draft = ImageDraft()
        draft.diskFormat = "raw"
        draft.containerFormat = "bare"
        draft.visibility = visibility
        draft.properties = properties
        return try await service.create(draft, for: caller)
    }

    /// Uploads `size` pseudo-random bytes and returns them.
    @discardableResult
    func upload(
        _ size: Int, to image: Image, for caller: Caller, store: String? = nil, expectedSize: Int64? = nil
    ) async throws -> [UInt8] {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        try await service.upload(
            Self.chunks(of: bytes), to: image.id, store: store, expectedSize: expectedSize, for: caller)
        return bytes
    }

    static func chunks(of bytes: [UInt8], by size: Int = 10_000) -> AsyncStream<ByteBuffer> {
        AsyncStream { continuation in
            for start in stride(from: 0, to: bytes.count, by: size) {
                continuation.yield(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
            }
            continuation.finish()
        }
    }

    /// Reads an image's data as a download would.
    func download(_ id: String, for caller: Caller) async throws -> [UInt8] {
        let download = try await service.download(id, preferredStores: [], for: caller)
        switch try await download.open(range: nil) {
        case .file(let descriptor, let region):
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            try handle.seek(toOffset: UInt64(region.lowerBound))
            return Array(try handle.read(upToCount: region.count) ?? Data())
        case .stream(_, let chunks):
            var bytes: [UInt8] = []
            for try await chunk in chunks { bytes += chunk.readableBytesView }
            return bytes
        }
    }

    /// All files below the harness's directory that hold images or parts of them.
    func storedFiles() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: directory.path).filter { path in
            var isDirectory: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: directory.appending(path: path).path, isDirectory: &isDirectory)
            return !isDirectory.boolValue && path.contains("/")
        }
    }
}

/// A client that goes away in the middle.
struct BrokenBody: AsyncSequence, Sendable {
    struct ClientGone: Error {}
    typealias Element = ByteBuffer
    let bytes: Int

    struct AsyncIterator: AsyncIteratorProtocol {
        var remaining: Int

        mutating func next() async throws -> ByteBuffer? {
            guard remaining > 0 else { throw ClientGone() }
            remaining -= 1000
            return ByteBuffer(repeating: 7, count: 1000)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(remaining: bytes) }
}

/// A body in whose middle something happens.
struct DeletingBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let bytes: Int
    let action: @Sendable () async throws -> Void

    struct AsyncIterator: AsyncIteratorProtocol {
        var remaining: Int
        let half: Int
        let action: @Sendable () async throws -> Void

        mutating func next() async throws -> ByteBuffer? {
            guard remaining > 0 else { return nil }
            if remaining == half { try await action() }
            remaining -= 1000
            return ByteBuffer(repeating: 7, count: 1000)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(remaining: bytes, half: bytes / 2, action: action) }
}
