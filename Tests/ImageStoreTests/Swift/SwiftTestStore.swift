import Foundation
import ImageModel
import ImageStore
import Logging
import NIOCore
import OsloConfig
import TestSupport

@testable import SwiftDriver

/// A Swift of the tests, and how one logs in.
struct SwiftService: Sendable {
    let server: SupportServer
    let login: [String: String]

    /// With users of Keystone.
    static func keystone() async throws -> SwiftService {
        try SwiftService(keystone: await SharedServer.named("swift-keystone"))
    }

    init(keystone server: SupportServer) throws {
        self.server = server
        login = [
            "swift_store_auth_address": try server.setting("KEYSTONE_URL") + "/v3",
            "swift_store_user": "service:glance", "swift_store_key": try server.setting("KEYSTONE_PASSWORD"),
        ]
    }

    /// With users of its own.
    static func tempAuth() async throws -> SwiftService {
        try SwiftService(tempAuth: await SharedServer.named("swift"))
    }

    init(tempAuth server: SupportServer) throws {
        self.server = server
        login = [
            "swift_store_auth_version": "1", "swift_store_auth_address": try server.setting("SWIFT_AUTH_URL"),
            "swift_store_user": try server.setting("SWIFT_USER"), "swift_store_key": try server.setting("SWIFT_KEY"),
        ]
    }

    /// The options of a store with a new container, which `options` may overrule.
    func options(_ options: [String: String] = [:]) -> [String: String] {
        login.merging([
            "swift_store_container": "test-\(UUID().uuidString)", "swift_store_create_container_on_put": "true",
        ]) { $1 }.merging(options) { $1 }
    }
}

extension SwiftStore {
    /// A store by its options.
    ///
    /// - Parameter segmentSize: bytes; the option has mebibytes.
    static func made(_ options: [String: String], segmentSize: Int64? = nil) throws -> SwiftStore {
        let text = "[swift]\n" + options.map { "\($0.key) = \($0.value)\n" }.joined()
        var settings = try SwiftSettings(
            configuration: Configuration(text: "[DEFAULT]\nenabled_backends = swift:swift\n" + text), store: "swift")
        if let segmentSize { (settings.largeObjectSize, settings.segmentSize) = (1, segmentSize) }
        return SwiftStore(
            identity: StoreIdentity(id: "swift"), settings: settings,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// A client of the store's own account.
    func client() async throws -> SwiftClient {
        guard let account = settings.accounts.standard else { throw TestFailure("the store has no account") }
        return try await connections.client(for: account, requestID: nil)
    }

    /// Names of all objects of the store's containers, as they are.
    func names() async throws -> [String] {
        let client = try await client()
        let (status, _, list) = try await client.ask(.GET, .init(""), query: "prefix=\(settings.container)")
        guard status == 200 || status == 204 else { throw TestFailure("the account cannot be listed: \(status)") }
        var names: [String] = []
        for container in String(buffer: list).split(separator: "\n") {
            try await client.list(String(container), prefix: "") { names += $0.map(\.name) }
        }
        return names.sorted()
    }

    /// Images, and one name for whatever else belongs to one upload.
    func contents() async throws -> [String] {
        let names = try await names()
        var found: Set<String> = []
        for name in names {
            if let mark = UploadNames(mark: name) {
                if !names.contains(mark.upload.imageID) { found.insert("\(mark.segmentPrefix)…") }
            } else if let dash = name.lastIndex(of: "-"), name[dash...].count == 6,
                Int(name[dash...].dropFirst()) != nil
            {
                // A segment: of the image that has its name, or of an upload.
                let prefix = name[...dash]
                if !names.contains(where: { prefix.hasPrefix("\($0)-") }) { found.insert("\(prefix)…") }
            } else {
                found.insert(name)
            }
        }
        return found.sorted()
    }

    func location(of imageID: String) throws -> ImageLocation { try location(ofImage: imageID) }
}

/// Runs `body` with a store in a new container, and shuts it down.
func withSwiftStore<Result: Sendable>(
    _ options: [String: String] = [:], service: SwiftService? = nil, segmentSize: Int64? = nil,
    _ body: (SwiftStore) async throws -> Result
) async throws -> Result {
    let used = if let service { service } else { try await SwiftService.keystone() }
    let store = try SwiftStore.made(used.options(options), segmentSize: segmentSize)
    return try await TestStore.finally(store) {
        try await store.prepare()
        return try await body(store)
    }
}

extension TestStore {
    static func withSwift(
        _ driver: Driver, _ body: @escaping @Sendable (TestStore) async throws -> Void
    ) async throws {
        let service = driver == .swiftOfTempAuth ? try await SwiftService.tempAuth() : try await SwiftService.keystone()
        let seed = driver == .swiftInSegments ? ["swift_store_multiple_containers_seed": "1"] : [:]
        let segmentSize: Int64? = driver == .swiftInSegments ? 150_000 : nil
        try await withSwiftStore(seed, service: service, segmentSize: segmentSize) { store in
            let absent = try store.location(of: "absent")
            try await body(
                TestStore(
                    store: store,
                    put: { try await store.add(UUID().uuidString, $0) },
                    contents: { try await store.contents() },
                    location: { (try? store.location(of: $0)) ?? absent }, absent: { absent },
                    takeAway: { try await service.server.stop() }, bringBack: { try await service.server.start() }))
        }
    }
}
