import Authorization
import Glibc
public import HTTPServer
import Identity
import ImageAPI
import ImageCache
import ImageDatabase
import ImageImport
import ImageService
import ImageSignature
import ImageStore
import ImportPlugins
import ImportSources
public import Logging
import MetadefService
import NIOCore
import NIOPosix
import Notifications
public import OsloConfig
import OsloPolicy
import OutgoingHTTP
import Scoreboard
import Staging
import StoreDrivers
import UnifiedLimits

/// One worker process, put together: database, stores, policy, Keystone, service, API, listener.
///
/// One event loop runs all requests; what would block it (hashing, file writes, name look-ups) runs on a thread pool.
public struct Worker: Sendable {
    private let configuration: Configuration
    private let eventLoopGroup: MultiThreadedEventLoopGroup
    private let threadPool: NIOThreadPool
    private let database: ImageDatabase
    private let authenticator: TokenAuthenticator?
    private let remotePolicy: RemotePolicyServer
    private let keyManager: KeyManager
    private let notifier: Notifier
    private let service: ImageService
    private let cache: ImageCache?
    private let application: ImageAPIApplication
    private let beforeAnswers: @Sendable () -> Void
    private let logger: Logger

    /// Builds everything and checks that it can work; nothing is served yet.
    ///
    /// - Throws: `StartFailure` for a start that can never succeed.
    ///
    /// - Parameters:
    ///   - accessLog: makes the logger of the access log. Its lines may be kept back until `beforeAnswers` is called.
    ///   - beforeAnswers: called before answers go out, once for all that are ready.
    ///   - wakeImporter: tells this node's importer, and the process of its cache, that there is something to do.
    public init(
        configuration: Configuration, logger: Logger, accessLog: (_ label: String) -> Logger = { Logger(label: $0) },
        beforeAnswers: @escaping @Sendable () -> Void = {}, wakeImporter: @escaping @Sendable () -> Void = {}
    ) async throws {
        self.configuration = configuration
        self.logger = logger
        self.beforeAnswers = beforeAnswers
        eventLoopGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        threadPool = NIOThreadPool(numberOfThreads: max(4, 2 * System.coreCount))
        threadPool.start()

        let pipeline = try Pipeline(configuration: configuration)
        database = try await Self.openDatabase(configuration, eventLoopGroup.next(), logger)
        let stores = try await Self.openStores(configuration, logger)
        let authorization: Authorization
        do {
            _ = try ImportPluginName.configured(configuration)
            remotePolicy = try RemotePolicyServer(.init(configuration), eventLoopGroup: eventLoopGroup)
            authorization = try Authorization(
                configuration: configuration, remoteCheck: remotePolicy.check, logger: logger)
            if let settings = try CacheSettings(configuration) {
                for warning in settings.warnings { logger.warning("\(warning)") }
                cache = try ImageCache(
                    settings: settings, database: database, servesDownloads: pipeline.usesCache,
                    logger: Logger(label: "glance.image_cache"))
            } else {
                cache = nil
            }
            let limits =
                configuration[Options.Default.useKeystoneLimits]
                ? try ProjectLimits(
                    configuration: configuration, database: database, eventLoopGroup: eventLoopGroup, logger: logger)
                : nil
            keyManager = try KeyManager(
                settings: KeyManagerSettings(configuration), eventLoopGroup: eventLoopGroup)
            notifier = Notifier(
                try NotificationSettings(configuration), process: "glance-api:\(getpid())", logger: logger)
            service = try ImageService(
                ServiceContext(
                    settings: ImageServiceSettings(configuration), database: database, stores: stores,
                    authorization: authorization,
                    protection: try PropertyProtection(configuration, authorization: authorization), cache: cache,
                    notifier: notifier,
                    logger: logger),
                limits: limits, keyManager: keyManager, threadPool: threadPool)
            authenticator =
                pipeline.usesKeystone
                ? try TokenAuthenticator(
                    configuration: configuration, eventLoopGroup: eventLoopGroup, logger: logger) : nil
        } catch let error as PropertyProtection.Problem {
            throw StartFailure(.configFileValueError, error.description)
        } catch let error as PolicyError {
            throw StartFailure(.configFileValueError, "\(error)")
        } catch let error as IdentityError {
            throw StartFailure(.configFileValueError, "\(error)")
        } catch let error as ImportPluginName.Unknown {
            throw StartFailure(.configFileValueError, "\(error)")
        } catch let error as NotificationSettingsError {
            throw StartFailure(.configFileValueError, "\(error)")
        } catch let error as KeyManager.Failure {
            throw StartFailure(.configFileValueError, "\(error)")
        } catch ServiceError.invalid(let text) {
            throw StartFailure(.valueError, text)
        }
        let imports = ImportService(
            service, settings: ImportSettings(configuration),
            staging: StagingDirectory(configuration: configuration), sources: ImportSourceSettings(configuration),
            seal: CredentialSeal(configuration), wakeImporter: wakeImporter)
        application = try ImageAPIApplication(
            configuration: configuration, pipeline: pipeline, service: service, imports: imports,
            tasks: TaskService(service.common, wakeImporter: wakeImporter),
            locations: LocationService(imports, wakeImporter: wakeImporter),
            metadefs: MetadefService(database: database, authorization: authorization, notifier: notifier),
            cache: CacheService(service.common, wakeCache: wakeImporter), authorization: authorization,
            authenticator: authenticator, accessLog: accessLog(ImageAPIApplication.accessLogLabel), logger: logger)
    }

    /// What another process needs in order to start with this very configuration, the definition of the pipeline included.
    ///
    /// - Throws: `ConfigurationError` for a paste file that is named and not there, or can't be read.
    public static func snapshot(_ configuration: Configuration) throws -> ConfigurationSnapshot {
        var snapshot = configuration.snapshot
        snapshot.attachments[Pipeline.attachment] = try Pipeline.source(in: configuration)
        return snapshot
    }

    /// Serves on an inherited socket until `stop` says how to end.
    ///
    /// - Parameters:
    ///   - socket: listening descriptor; owned from now on.
    ///   - started: called once requests are accepted.
    ///   - beat: called on the event loop every second.
    ///   - stop: returns when the worker is to end, with the time that its connections have left. Need not notice a
    ///     cancellation.
    /// - Throws: when the socket can't be listened on.
    public func serve(
        socket: Int32, started: @escaping @Sendable () -> Void,
        beat: @escaping @Sendable (WorkerLoad) -> Void, until stop: @escaping @Sendable () async -> DrainLimits
    ) async throws {
        let listener = HTTPListener(
            socket: socket, options: listenerOptions, responder: application, eventLoopGroup: eventLoopGroup,
            logger: logger, renderRefusal: ImageAPIApplication.renderRefusal, beforeAnswers: beforeAnswers)
        let heartbeat = eventLoopGroup.next().scheduleRepeatedTask(initialDelay: .zero, delay: .seconds(1)) { _ in
            beat(
                WorkerLoad(
                    requests: listener.answeredRequests, activeRequests: listener.activeRequests,
                    transfers: application.activeTransfers, connections: listener.activeConnections))
        }
        // Outside of the group, which would wait for it even when the listener has failed.
        let (endings, ending) = AsyncStream.makeStream(of: DrainLimits.self)
        let stopper = Task { ending.yield(await stop()) }
        let outcome: Result<Void, any Error>
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await listener.run() }
                group.addTask { for await limits in endings { return await listener.drain(limits) } }
                group.addTask { await lookAfterUploads() }
                if let cache { group.addTask { await lookAfter(cache) } }
                started()
                // The listener ends when it is drained, or at once when its socket is no good.
                try await group.next()
                group.cancelAll()
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        stopper.cancel()
        heartbeat.cancel()
        await authenticator?.shutdown()
        await remotePolicy.shutdown()
        await keyManager.shutdown()
        await notifier.shutdown()
        await cache?.close()
        await database.close()
        try outcome.get()
    }

    private var listenerOptions: HTTPListenerOptions {
        var options = HTTPListenerOptions()
        options.maxHeaderLine = configuration[Options.Default.maxHeaderLine]
        options.keepAlive = configuration[Options.Default.httpKeepalive]
        options.clientSocketTimeout = configuration[Options.Default.clientSocketTimeout]
        options.tcpKeepIdle = configuration[Options.Default.tcpKeepidle]
        options.backlog = configuration[Options.Default.backlog]
        options.maxConnections =
            configuration[Options.Default.workerConnections]
            ?? HTTPListenerOptions.connections(withDescriptors: HTTPListenerOptions.descriptorLimit)
        return options
    }

    /// Until cancelled: renews the records of running uploads every half minute, and cleans up after those that failed
    /// while the database or the store was away, as soon as they are back. What dead processes leave is the scrubber's.
    private func lookAfterUploads() async {
        var secondsToRenewal = 0
        while !Task.isCancelled {
            do {
                if secondsToRenewal <= 0 {
                    secondsToRenewal = 30
                    try await service.renewUploads()
                }
                try await service.recoverOwnUploads()
            } catch is CancellationError {
                return
            } catch DatabaseError.unavailable {
                // The database tells its outages itself.
            } catch {
                logger.warning(
                    "running uploads could not be looked after, will try again",
                    metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(1))
            secondsToRenewal -= 1
        }
    }

    /// Until cancelled: makes the cache ready, and writes down every few seconds which images were used.
    private func lookAfter(_ cache: ImageCache) async {
        await cache.prepare()
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(5))
            await cache.flush()
        }
    }

    // MARK: - Parts

    private static func openDatabase(
        _ configuration: Configuration, _ eventLoop: any EventLoop, _ logger: Logger
    ) async throws -> ImageDatabase {
        let database = try ImageDatabase(
            configuration: configuration, turns: LookupTurns { eventLoop.execute($0) }, logger: logger)
        do throws(DatabaseError) {
            try await database.checkSchema()
            return database
        } catch {
            await database.close()
            throw StartFailure(error)
        }
    }

    private static func openStores(_ configuration: Configuration, _ logger: Logger) async throws -> StoreRegistry {
        do throws(StoreError) {
            let stores = try StoreRegistry(configuration: configuration, drivers: StoreDriver.all, logger: logger)
            try await stores.prepare()
            return stores
        } catch {
            throw StartFailure(error)
        }
    }
}

extension RemotePolicyServer.Settings {
    /// What `[oslo_policy]` says.
    fileprivate init(_ configuration: Configuration) {
        typealias Policy = Options.OsloPolicy
        self.init()
        sendsJSON = configuration[Policy.remoteContentType] == "application/json"
        tls.isInsecure = !configuration[Policy.remoteSslVerifyServerCrt]
        tls.caFile = configuration[Policy.remoteSslCaCrtFile]
        tls.certificateFile = configuration[Policy.remoteSslClientCrtFile]
        tls.keyFile = configuration[Policy.remoteSslClientKeyFile]
        timeout = configuration[Policy.remoteTimeout]
    }
}
