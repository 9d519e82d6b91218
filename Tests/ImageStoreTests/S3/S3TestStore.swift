import Foundation
import ImageModel
import ImageStore
import OsloConfig
import TestSupport
import TextCoding

@testable import S3Driver

/// An S3 service of the tests.
struct S3Service: Sendable {
    let server: SupportServer
    let url: String
    let accessKey: String
    let secretKey: String

    /// Ceph's object gateway.
    static func gateway() async throws -> S3Service {
        let server = try await SharedServer.named("s3")
        return S3Service(
            server: server, url: try server.setting("S3_URL"), accessKey: try server.setting("S3_ACCESS_KEY"),
            secretKey: try server.setting("S3_SECRET_KEY"))
    }

    /// The S3 API of OpenStack Swift, a second implementation.
    static func swift() async throws -> S3Service {
        let server = try await SharedServer.named("swift")
        return S3Service(
            server: server, url: try server.setting("SWIFT_URL"), accessKey: try server.setting("SWIFT_USER"),
            secretKey: try server.setting("SWIFT_KEY"))
    }

    /// The options of a store with a new bucket, which `options` may overrule.
    func options(_ options: [String: String] = [:]) -> [String: String] {
        [
            "s3_store_host": url, "s3_store_access_key": accessKey, "s3_store_secret_key": secretKey,
            "s3_store_bucket": "test-\(UUID().uuidString.lowercased())", "s3_store_create_bucket_on_put": "true",
        ].merging(options) { $1 }
    }
}

extension S3Store {
    /// A store by its options.
    ///
    /// - Parameters:
    ///   - largestHeldPart: bytes; larger parts are sent as they come.
    ///   - clock: the machine's.
    static func made(
        _ options: [String: String], budget: TransferBudget = .shared, environment: [String: String] = [:],
        largestHeldPart: Int = S3Settings.largestPart, clock: @escaping @Sendable () -> Timestamp = { .now }
    ) throws -> S3Store {
        let text = "[glance_store]\n" + options.map { "\($0.key) = \($0.value)" }.joined(separator: "\n")
        var settings = try S3Settings(
            configuration: Configuration(text: text), store: "s3", environment: environment)
        settings.largestHeldPart = largestHeldPart
        return try S3Store(
            identity: StoreIdentity(id: "s3"), settings: settings, budget: budget, clock: clock)
    }

    /// Everything in the bucket: names of images, and one name for whatever else belongs to one upload.
    func contents() async throws -> [String] {
        var names: Set<String> = []
        var known: Set<String> = []
        for entry in try await bucket.list(prefix: "") {
            switch S3Names.kind(of: entry.key) {
            case .marker(let upload): names.insert("\(upload.imageID) of \(upload.uploadID)")
            case .parts(let upload):
                names.insert("\(upload.imageID) of \(upload.uploadID)")
                if let id = try await bucket.text(entry.key) { known.insert(id) }
            case .claim, nil: names.insert(entry.key)
            }
        }
        for entry in try await bucket.listMultipart(prefix: "") where !known.contains(entry.multipart) {
            names.insert("\(entry.key) in parts \(entry.multipart)")
        }
        return names.sorted()
    }
}

/// Runs `body` with a store in a new bucket, and shuts it down.
func withS3Store<Result: Sendable>(
    _ options: [String: String] = [:], service: S3Service? = nil, budget: TransferBudget = .shared,
    largestHeldPart: Int = S3Settings.largestPart, clock: @escaping @Sendable () -> Timestamp = { .now },
    _ body: (S3Store) async throws -> Result
) async throws -> Result {
    let used = if let service { service } else { try await S3Service.gateway() }
    let store = try S3Store.made(
        used.options(options), budget: budget, largestHeldPart: largestHeldPart, clock: clock)
    return try await TestStore.finally(store) {
        try await store.prepare()
        return try await body(store)
    }
}

extension TestStore {
    static func withS3(
        _ driver: Driver, _ body: @escaping @Sendable (TestStore) async throws -> Void
    ) async throws {
        let service = driver == .s3OfSwift ? try await S3Service.swift() : try await S3Service.gateway()
        let options =
            driver == .s3InParts ? ["s3_store_large_object_size": "0", "s3_store_large_object_chunk_size": "5"] : [:]
        try await withS3Store(options, service: service) { store async throws in
            try await body(
                TestStore(
                    store: store,
                    put: { try await store.add(UUID().uuidString, $0) },
                    contents: { try await store.contents() },
                    location: { store.location(of: $0) }, absent: { store.location(of: "absent") },
                    takeAway: { try await service.server.stop() }, bringBack: { try await service.server.start() }))
        }
    }
}
