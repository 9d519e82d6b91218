import Authorization
import Foundation
import Identity
import ImageModel
import ImageService
import ImageStore
import ImportPlugins
import ImportSources
import JSON
import Logging
import NIOCore
import NIOPosix
import Notifications
import OsloConfig
import OsloPolicy
import Staging
import StoreDrivers
import TestSupport
import Testing

@testable import ImageDatabase
@testable import ImageImport

/// A service with two file stores and a staging area, and importers that are looked after by hand.
struct ImportHarness {
    let directory: String
    let database: ImageDatabase
    let service: ImageService
    let imports: ImportService
    let tasks: TaskService
    let configuration: Configuration
    private let authorization: Authorization

    private static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 4)
        pool.start()
        return pool
    }()

    init(
        _ directory: String, defaults: String = "", options: String = "", database url: String? = nil,
        notifier: Notifier = .none
    ) async throws {
        self.directory = directory
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        configuration = try Configuration(
            text: """
                [DEFAULT]
                \(defaults)
                enabled_backends = fast:file, slow:file, web:http
                enabled_import_methods = [glance-direct,web-download,copy-image]
                [glance_store]
                default_backend = fast
                [fast]
                filesystem_store_datadir = \(directory)/fast
                [slow]
                filesystem_store_datadir = \(directory)/slow
                [os_glance_staging_store]
                filesystem_store_datadir = \(directory)/staging
                [import_filtering_opts]
                allowed_hosts = [127.0.0.1]
                allowed_ports = []
                \(options)
                """)
        database = try ImageDatabase(url: url ?? "sqlite:///\(directory)/glance.sqlite", logger: logger)
        _ = try await SchemaMigrator(database).upgrade(to: "heads")
        let stores = try StoreRegistry(configuration: configuration, drivers: StoreDriver.all, logger: logger)
        try await stores.prepare()
        authorization = Authorization(
            enforcer: try Enforcer(
                defaults: DefaultPolicies.rules, policyFile: nil, policyDirectories: [], enforceNewDefaults: true,
                logger: logger), enforcesNewDefaults: true)
        service = try ImageService(
            ServiceContext(
                settings: ImageServiceSettings(configuration), database: database, stores: stores,
                authorization: authorization, notifier: notifier, logger: logger), threadPool: Self.threads)
        imports = ImportService(
            service, settings: ImportSettings(configuration), staging: StagingDirectory(configuration: configuration),
            sources: ImportSourceSettings(configuration), seal: nil, wakeImporter: {})
        tasks = TaskService(service.common)
    }

    static func run(
        defaults: String = "", options: String = "", database url: String? = nil, notifier: Notifier = .none,
        _ body: @Sendable (ImportHarness) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let harness = try await ImportHarness(
                directory, defaults: defaults, options: options, database: url, notifier: notifier)
            try await body(harness)
            await harness.database.close()
        }
    }

    /// An importer of its own, in this process.
    func importer() throws -> ImportJobs {
        ImportJobs(
            ImportTools(
                service: service, settings: ImportSettings(configuration),
                staging: StagingDirectory(configuration: configuration),
                sources: ImportSourceSettings(configuration),
                plugins: try ImportPluginChain(configuration) { _, format in format }, seal: nil))
    }

    func caller(_ project: String = "mine", roles: [String] = ["member", "reader"]) async -> Caller {
        await authorization.caller(
            identity: AuthContext(userID: "u", projectID: project, roles: roles), requestID: "req-1", token: nil)
    }

    /// An image with staged data.
    func staged(_ bytes: [UInt8], by caller: Caller) async throws -> String {
        let id = try await queued(by: caller)
        try await imports.stage(Self.body(bytes), for: id, expectedSize: nil, caller: caller)
        return id
    }

    func queued(_ format: String = "raw", by caller: Caller) async throws -> String {
        var draft = ImageDraft()
        draft.diskFormat = format
        draft.containerFormat = "bare"
        return try await service.create(draft, for: caller).id
    }

    func ask(
        _ method: JSONValue, for id: String, _ members: [String: JSONValue] = [:], by caller: Caller
    ) async throws {
        let body = JSONValue.object(members.merging(["method": method]) { $1 })
        try await imports.importImage(
            id, ImportRequest(body, enabled: ImportRequest.methods), store: nil, for: caller)
    }

    /// Looks until nothing is left to do.
    func finish(_ importer: ImportJobs) async throws {
        let end = ContinuousClock.now + .seconds(60)
        repeat {
            try await importer.look()
            try await Task.sleep(for: .milliseconds(5))
            try #require(ContinuousClock.now < end)
        } while try await !database.imports.all().isEmpty || importer.load.count > 0
    }

    func image(_ id: String) async throws -> Image { try #require(try await database.images.find(id)) }

    func lastTask(of id: String) async throws -> ImageTask { try #require(try await database.tasks.ofImage(id).first) }

    /// Names of everything that lies in a directory; none where there is no such directory.
    func files(_ name: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: "\(directory)/\(name)") else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(name)").sorted()
    }

    func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: "\(directory)/\(name)")))
    }

    static func body(_ bytes: [UInt8]) -> AsyncStream<ByteBuffer> {
        AsyncStream { continuation in
            for start in stride(from: 0, to: bytes.count, by: 100_000) {
                continuation.yield(ByteBuffer(bytes: bytes[start..<min(start + 100_000, bytes.count)]))
            }
            continuation.finish()
        }
    }
}
