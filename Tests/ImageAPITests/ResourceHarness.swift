import Authorization
import Foundation
import Hummingbird
import Identity
import ImageCache
import ImageDatabase
import ImageImport
import ImageStore
import ImportSources
import JSON
import Logging
import MetadefService
import NIOPosix
import Notifications
import OsloConfig
import OsloPolicy
import Staging
import StoreDrivers
import TextCoding
import UnifiedLimits

@testable import ImageAPI
@testable import ImageService

/// The image resources on a service with a database and stores of its own, in a directory that goes away with it.
final class ResourceHarness: Sendable {
    let directory: URL
    let cacheDirectory: String
    /// Nil without a driver.
    let cache: ImageCache?
    fileprivate let authorization: Authorization
    let service: ImageService
    let routes: [Route]
    private let policyFile: String
    fileprivate let router: APIRouter

    private static let threadPool: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        return pool
    }()

    /// The file of a database that `db sync` has just made: made once, since that takes longer than most tests.
    private static let newDatabase = Task {
        let file = FileManager.default.temporaryDirectory.appending(path: "resources-\(UUIDText.random()).sqlite")
        defer { try? FileManager.default.removeItem(at: file) }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let database = try ImageDatabase(url: "sqlite:///\(file.path)", logger: logger)
        let migrator = SchemaMigrator(database)
        _ = try await migrator.expand()
        _ = try await migrator.migrate()
        _ = try await migrator.contract()
        try await migrator.createOwnTables()
        // The last one to leave writes all back into the file.
        await database.close()
        return try Data(contentsOf: file)
    }

    /// - Parameters:
    ///   - options: lines for `[DEFAULT]`.
    ///   - multiStore: stores `fast` (default) and `slow` instead of the one of `[glance_store]`.
    ///   - caches: whether downloads go through the cache, as with the filter `cache`.
    ///   - cacheDriver: nil is without a cache.
    init(
        _ options: String = "", multiStore: Bool = false, caches: Bool = false,
        cacheDriver: CacheSettings.Driver? = .centralizedDatabase, notifier: Notifier = .none
    ) async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "resources-\(UUIDText.random())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let path = directory.path
        let stores =
            multiStore
            ? """
            enabled_backends = fast:file, slow:file, web:http
            [glance_store]
            default_backend = fast
            [os_glance_staging_store]
            filesystem_store_datadir = \(path)/staging
            [import_filtering_opts]
            allowed_ports = []
            allowed_hosts = [127.0.0.1]
            [fast]
            filesystem_store_datadir = \(path)/fast
            [slow]
            filesystem_store_datadir = \(path)/slow
            """
            : """
            [glance_store]
            filesystem_store_datadir = \(path)/images
            """
        // Nobody is there to be asked; what ``setLimits(_:)`` has said counts.
        let limits = "[oslo_limit]\nask_on_claim = false\n"
        let configuration = try Configuration(text: "[DEFAULT]\n\(options)\n\(stores)\n\(limits)")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await Self.newDatabase.value.write(to: directory.appending(path: "glance.sqlite"))
        let database = try ImageDatabase(url: "sqlite:///\(path)/glance.sqlite", logger: logger)
        let registry = try StoreRegistry(configuration: configuration, drivers: StoreDriver.all, logger: logger)
        for store in registry.stores { try await store.prepare() }
        policyFile = "\(path)/policy.yaml"
        authorization = Authorization(
            enforcer: try Enforcer(
                defaults: DefaultPolicies.rules, policyFile: policyFile, policyDirectories: [],
                enforceNewDefaults: true, logger: logger),
            enforcesNewDefaults: true)
        cacheDirectory = "\(path)/cache"
        cache =
            cacheDriver == nil
            ? nil
            : try ImageCache(
                settings: CacheSettings(
                    directory: cacheDirectory, maximumSize: 1 << 20, driver: cacheDriver ?? .sqlite,
                    node: "http://node-1:9292"),
                database: database, servesDownloads: caches, logger: logger)
        await cache?.prepare()
        service = try ImageService(
            ServiceContext(
                settings: ImageServiceSettings(configuration), database: database, stores: registry,
                authorization: authorization, cache: cache, notifier: notifier, logger: logger),
            limits: configuration[Options.Default.useKeystoneLimits]
                ? ProjectLimits(
                    configuration: configuration, database: database,
                    eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                    logger: logger) : nil,
            threadPool: Self.threadPool)
        let imports = ImportService(
            service, settings: ImportSettings(configuration), staging: StagingDirectory(configuration: configuration),
            sources: ImportSourceSettings(configuration), seal: nil, wakeImporter: {})
        routes =
            Discovery(service: service, importMethods: imports.settings.methods).routes
            + ImageResources.routes(
                service: service, imports: imports, tasks: TaskService(service.common),
                locations: LocationService(imports, wakeImporter: {}),
                metadefs: MetadefService(database: database, authorization: authorization, notifier: notifier),
                cache: CacheService(service.common),
                settings: try ImageResourceSettings(configuration))
            + CacheManagement(service: CacheService(service.common)).routes
        router = APIRouter(table: RouteTable(routes))
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// A client with a member's token for a project.
    func member(of project: String) async -> TestClient {
        await client(project, roles: ["member", "reader"])
    }

    /// One that may look at images but not download them.
    func reader(of project: String) async -> TestClient {
        await client(project, roles: ["reader"])
    }

    /// Another service of the cloud, with a token of its own.
    func serviceUser() async -> TestClient {
        await client("service", roles: ["service", "reader"])
    }

    func admin() async -> TestClient {
        await client("admin", roles: ["admin", "manager", "member", "reader"])
    }

    /// One without a token, with `allow_anonymous_access`.
    func anonymous() -> TestClient {
        TestClient(
            AuthenticatedRouter(harness: self) { _ in
                Caller(identity: nil, project: nil, isAdmin: false, isReadOnly: true, requestID: "req-1")
            })
    }

    /// What Keystone says with `use_keystone_limits`, in its units; a resource that is missing is unlimited.
    func setLimits(_ limits: [LimitedResource: Int64]) async throws {
        let defaults = LimitedResource.allCases.map { ($0, limits[$0] ?? -1) }
        let mirror = LimitMirror(model: "flat", defaults: Dictionary(uniqueKeysWithValues: defaults))
        let old = try await service.database.limits.mirror()
        _ = try await service.database.limits.storeMirror(mirror, over: old)
    }

    /// Writes the policy file anew, which counts for the next request; nil removes it.
    func setPolicies(_ yaml: String?) throws {
        if let yaml {
            try yaml.write(toFile: policyFile, atomically: true, encoding: .utf8)
        } else {
            try FileManager.default.removeItem(atPath: policyFile)
        }
    }

    private func client(_ project: String, roles: [String]) async -> TestClient {
        let identity = AuthContext(userID: "user-of-\(project)", projectID: project, roles: roles)
        return TestClient(
            AuthenticatedRouter(harness: self) {
                await $0.caller(identity: identity, requestID: "req-1", token: nil)
            })
    }
}

/// Stands for the pipeline in front of the router, with a caller that is known. Keeps the harness alive.
private struct AuthenticatedRouter: PipelineResponder {
    let harness: ResourceHarness
    /// Made anew for each request, as there.
    let caller: @Sendable (Authorization) async -> Caller

    func respond(to request: Request, context: APIContext) async throws -> Response {
        var context = context
        context.caller = await caller(harness.authorization)
        context.baseURL = "http://images.example.com"
        return await harness.router.respond(to: request, context: context)
    }
}

extension TestClient.Answer {
    /// The body as a JSON object.
    var members: [String: JSONValue] {
        get throws { try JSONValue.parse(bytes).objectValue ?? [:] }
    }
}
