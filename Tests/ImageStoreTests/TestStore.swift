import FileDriver
import Foundation
import HTTPDriver
import ImageModel
import ImageStore
import Logging
import NIOCore
import OsloConfig
import TestSupport

/// The drivers and settings that the shared suite runs with. A new driver is one more case.
enum Driver: String, CaseIterable, Sendable {
    case file
    case fileInSeveralDirectories
    case fileWithThinProvisioning
    case fileWithTimeout
    case http
    case vmware
    case cinder
    case cinderNFS
    case s3
    case s3InParts
    case s3OfSwift
    case swift
    case swiftOfTempAuth
    case swiftInSegments
    case rbd
    case rbdWithThinProvisioning

    /// What this driver can, as far as the suite has to know.
    var capabilities: Capabilities {
        switch self {
        case .file, .fileInSeveralDirectories, .fileWithThinProvisioning, .fileWithTimeout, .vmware:
            [.writes, .outages]
        case .http: [.outages]
        case .cinder, .cinderNFS: [.writes, .outages, .unnamed, .slow]
        case .s3, .s3InParts, .s3OfSwift: [.writes, .outages]
        case .swift, .swiftOfTempAuth, .swiftInSegments: [.writes, .outages]
        case .rbd, .rbdWithThinProvisioning: [.writes, .outages]
        }
    }

    /// The drivers of which a test can ask what it asks for.
    static func with(_ capabilities: Capabilities) -> [Driver] {
        allCases.filter { $0.capabilities.isSuperset(of: capabilities) }
    }
}

/// What not every driver can, or the tests' backend cannot show.
struct Capabilities: OptionSet {
    let rawValue: Int

    /// Images can be added and removed.
    static let writes = Capabilities(rawValue: 1)
    /// The backend can be taken away and brought back: ``TestStore/takeAway`` and ``TestStore/bringBack``.
    static let outages = Capabilities(rawValue: 2)
    /// Where an image's data will be is not known beforehand.
    static let unnamed = Capabilities(rawValue: 4)
    /// The backend takes a second for an image, and makes one at a time.
    static let slow = Capabilities(rawValue: 8)
}

/// A store on its real backend.
struct TestStore: Sendable {
    let store: any Store
    /// Puts data where the store can read them.
    let put: @Sendable (_ bytes: [UInt8]) async throws -> ImageLocation
    /// Names of everything that the backend holds.
    let contents: @Sendable () async throws -> [String]
    /// Where an image of this id would be, for drivers that write.
    let location: @Sendable (_ imageID: String) -> ImageLocation
    /// A location of the store's form where nothing is.
    let absent: @Sendable () -> ImageLocation
    /// Makes the whole backend unreachable, as an unplugged disk or a server that is down.
    let takeAway: @Sendable () async throws -> Void
    /// Ends what ``takeAway`` has begun.
    let bringBack: @Sendable () async throws -> Void

    /// Runs `body` with an empty store.
    static func with(_ driver: Driver, _ body: @escaping @Sendable (TestStore) async throws -> Void) async throws {
        switch driver {
        case .http:
            try await withServer("nginx") { server in
                let root = try server.setting("NGINX_ROOT")
                let url = try server.setting("NGINX_URL")
                let store = HTTPStore(
                    identity: StoreIdentity(id: "http"), settings: try HTTPSettings.onLoopback(store: "http"))
                try await finally(store) {
                    try await store.prepare()
                    try await body(
                        TestStore(
                            store: store,
                            put: { bytes in
                                let name = UUID().uuidString
                                try Data(bytes).write(to: URL(filePath: "\(root)/\(name)"))
                                return ImageLocation(url: "\(url)/\(name)", metadata: ["store": "http"])
                            },
                            contents: { [] },
                            location: { ImageLocation(url: "\(url)/\($0)", metadata: ["store": "http"]) },
                            absent: { ImageLocation(url: "\(url)/absent", metadata: ["store": "http"]) },
                            takeAway: { try await server.stop() }, bringBack: { try await server.start() }))
                }
            }
        case .vmware: try await withVMware(body)
        case .cinder: try await withCinder(.rbd, body)
        case .cinderNFS: try await withCinder(.nfs, body)
        case .s3, .s3InParts, .s3OfSwift: try await withS3(driver, body)
        case .swift, .swiftOfTempAuth, .swiftInSegments: try await withSwift(driver, body)
        case .rbd, .rbdWithThinProvisioning: try await withRBD(driver, body)
        default:
            try await withTemporaryDirectory { directory in
                try await with(settings: settings(driver, directory), body)
            }
        }
    }

    /// Runs `body` with a file store.
    static func with(
        settings: FilesystemSettings, _ body: @Sendable (TestStore) async throws -> Void
    ) async throws {
        let store = FilesystemStore(
            identity: StoreIdentity(id: "here"), settings: settings,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await finally(store) {
            try await store.prepare()
            try await body(
                TestStore(
                    store: store,
                    put: { try await store.add(UUID().uuidString, $0) },
                    contents: {
                        try settings.directories.flatMap {
                            try FileManager.default.contentsOfDirectory(atPath: $0.path)
                        }
                    },
                    location: { location(of: $0, settings) }, absent: { location(of: "absent", settings) },
                    takeAway: { try move(settings.directories) { ($0, $0 + ".away") } },
                    bringBack: { try move(settings.directories) { ($0 + ".away", $0) } }))
        }
    }

    private static func move(
        _ directories: [FilesystemSettings.Directory], _ names: (String) -> (from: String, to: String)
    ) throws {
        for directory in directories {
            let (from, to) = names(directory.path)
            try FileManager.default.moveItem(atPath: from, toPath: to)
        }
    }

    private static func location(of imageID: String, _ settings: FilesystemSettings) -> ImageLocation {
        ImageLocation(
            url: "file://\(settings.directories.first?.path ?? "")/\(imageID)", metadata: ["store": "here"])
    }

    private static func settings(_ driver: Driver, _ directory: String) -> FilesystemSettings {
        var settings = FilesystemSettings(directories: [.init(path: "\(directory)/images")])
        switch driver {
        case .fileInSeveralDirectories:
            settings.directories = [.init(path: "\(directory)/a", priority: 5), .init(path: "\(directory)/b")]
        case .fileWithThinProvisioning: settings.isThinProvisioned = true
        case .fileWithTimeout: settings.timeout = 30
        default: break
        }
        return settings
    }

    /// Shuts a store down after `body`, however that ends.
    @discardableResult
    static func finally<Result: Sendable>(
        _ store: any Store, _ body: () async throws -> Result
    ) async throws -> Result {
        do {
            let result = try await body()
            await store.shutdown()
            return result
        } catch {
            await store.shutdown()
            throw error
        }
    }
}

extension HTTPSettings {
    /// The settings of a store that may read from servers of the tests.
    static func onLoopback(store: String) throws -> HTTPSettings {
        let options = "[import_filtering_opts]\nallowed_hosts = [127.0.0.1, localhost]\nallowed_ports = []"
        return try HTTPSettings(configuration: Configuration(text: options), store: store)
    }
}

extension Store {
    /// Stores an image, in pieces of odd sizes.
    @discardableResult
    func add(_ imageID: String, _ bytes: [UInt8]) async throws -> ImageLocation {
        let location = try await publish(imageID, bytes, uploadID: "upload")
        try await settle(StoreUpload(imageID: imageID, uploadID: "upload"))
        return location
    }

    /// Stores an image up to the moment when its end is to be recorded.
    @discardableResult
    func publish(_ imageID: String, _ bytes: [UInt8], uploadID: String) async throws -> ImageLocation {
        let writer = try await makeWriter(imageID: imageID, uploadID: uploadID, expectedSize: Int64(bytes.count))
        try await writer.write(pieces: bytes)
        return try await writer.commit()
    }

    /// All bytes of a location, or those of a range.
    func read(_ location: ImageLocation, range: Range<Int64>? = nil) async throws -> [UInt8] {
        try await open(location, range: range).bytes()
    }

    // What the service does for itself, said shortly.

    func makeWriter(
        imageID: String, uploadID: String, expectedSize: Int64?
    ) async throws(StoreError) -> any StoreWriter {
        try await makeWriter(
            for: StoreUpload(imageID: imageID, uploadID: uploadID), expectedSize: expectedSize, context: .service)
    }

    func open(_ location: ImageLocation, range: Range<Int64>?) async throws(StoreError) -> StoreContent {
        try await open(location, range: range, context: .service)
    }

    func size(of location: ImageLocation) async throws(StoreError) -> Int64 {
        try await size(of: location, context: .service)
    }

    func delete(_ location: ImageLocation) async throws(StoreError) {
        try await delete(location, context: .service)
    }

    func discard(imageID: String, uploadID: String) async throws(StoreError) {
        try await discard(StoreUpload(imageID: imageID, uploadID: uploadID), context: .service)
    }
}

extension StoreWriter {
    func write(pieces bytes: [UInt8]) async throws {
        var rest = bytes[...]
        var size = 1
        while !rest.isEmpty {
            let several = [rest.prefix(size), rest.dropFirst(size).prefix(1000)].map { ByteBuffer(bytes: $0) }
            try await write(several)
            rest = rest.dropFirst(size + 1000)
            size = min(size * 3, 300_000)
        }
    }
}

extension StoreContent {
    /// All bytes; checks that the announced size is theirs, and closes the descriptor.
    func bytes() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .file(let descriptor, let region):
            defer { close(descriptor) }
            bytes = [UInt8](repeating: 0, count: region.count)
            guard pread(descriptor, &bytes, bytes.count, off_t(region.lowerBound)) == bytes.count else {
                throw TestFailure("the file is shorter than its region")
            }
        case .stream(let size, let chunks):
            for try await chunk in chunks { bytes += chunk.readableBytesView }
            if let size, size != bytes.count { throw TestFailure("\(bytes.count) bytes instead of \(size)") }
        }
        return bytes
    }
}
