import Authorization
import Events
import Glibc
import ImageDatabase
public import ImageImport
import ImageService
import ImageSignature
import ImageStore
import ImportPlugins
import ImportSources
public import Logging
import NIOCore
import NIOPosix
import Notifications
public import OsloConfig
import Scoreboard
import Staging
import StoreDrivers
import TextCoding
import Threads
import UnifiedLimits

/// The importer, put together: a child of the supervisor that does the imports of a node, several at a time.
public struct ImporterService: Sendable {
    private let database: ImageDatabase
    private let stores: StoreRegistry
    private let service: ImageService
    private let keyManager: KeyManager
    private let notifier: Notifier
    private let jobs: ImportJobs
    private let staging: StagingDirectory?
    private let logger: Logger

    /// How often progress is written down.
    private static let reportInterval: Duration = .seconds(5)

    /// Opens the database and the stores.
    ///
    /// - Throws: `StartFailure` or `ConfigurationError` for a start that can never succeed.
    public init(configuration: Configuration, logger: Logger) async throws {
        self.logger = logger
        let group = MultiThreadedEventLoopGroup.singleton
        staging = StagingDirectory(configuration: configuration)
        database = try ImageDatabase(configuration: configuration, logger: logger)
        do throws(DatabaseError) {
            try await database.checkSchema()
        } catch {
            await database.close()
            throw StartFailure(error)
        }
        do throws(StoreError) {
            // What is missing is made by the workers of the same start.
            stores = try StoreRegistry(configuration: configuration, drivers: StoreDriver.all, logger: logger)
        } catch {
            await database.close()
            throw StartFailure(error)
        }
        do {
            let threads = NIOThreadPool(numberOfThreads: max(2, System.coreCount))
            threads.start()
            keyManager = try KeyManager(settings: KeyManagerSettings(configuration), eventLoopGroup: group)
            let limits =
                configuration[Options.Default.useKeystoneLimits]
                ? try ProjectLimits(
                    configuration: configuration, database: database, eventLoopGroup: group, logger: logger) : nil
            notifier = Notifier(
                try NotificationSettings(configuration), process: "glance-api importer:\(getpid())", logger: logger)
            service = try ImageService(
                ServiceContext(
                    settings: ImageServiceSettings(configuration), database: database, stores: stores,
                    authorization: try Authorization(configuration: configuration, logger: logger), notifier: notifier,
                    logger: logger),
                limits: limits, keyManager: keyManager, threadPool: threads)
            jobs = ImportJobs(
                ImportTools(
                    service: service, settings: ImportSettings(configuration),
                    staging: staging,
                    sources: ImportSourceSettings(configuration),
                    plugins: try ImportPluginChain(configuration),
                    seal: CredentialSeal(configuration)))
        } catch let error as ServiceError {
            throw StartFailure(.valueError, error.text)
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw StartFailure(.configFileValueError, "\(error)")
        }
    }

    /// Works until `stop` returns.
    ///
    /// - Parameters:
    ///   - started: called once the work has begun.
    ///   - beat: called every second as a sign of life, with the imports that run.
    ///   - wait: blocks a thread until there may be something to do, for a second at most.
    public func run(
        started: @escaping @Sendable () -> Void, beat: @escaping @Sendable (ImportLoad) -> Void,
        wait: @escaping @Sendable () -> Void, until stop: @escaping @Sendable () async -> Void
    ) async throws {
        let bell = try Bell("bell", wait)
        started()
        await cleanStaging()
        let stopper = Task {
            await stop()
            bell.stop()
        }
        var isAway = false
        var nextReport = ContinuousClock.now + Self.reportInterval
        var nextRenewal = ContinuousClock.now
        for await _ in bell.rings {
            beat(jobs.load)
            do {
                try await jobs.look()
                if .now >= nextRenewal {
                    nextRenewal = .now + .seconds(30)
                    try await service.renewUploads()
                }
                try await service.recoverOwnUploads()
                if .now >= nextReport {
                    nextReport = .now + Self.reportInterval
                    try await jobs.report()
                }
                isAway = false
            } catch {
                // The database tells its outages itself.
                if !isAway { logger.debug("imports could not be looked after", metadata: ["error": "\(error)"]) }
                isAway = true
            }
        }
        stopper.cancel()
        await jobs.stop()
        await keyManager.shutdown()
        await notifier.shutdown()
        await database.close()
        await stores.shutdown()
    }

    /// Removes what earlier processes have left in the staging area for images that need none of it.
    private func cleanStaging() async {
        guard let staging else { return }
        do {
            let files = try await staging.files()
            // The record of what is being staged is older than its file.
            let needed = try await database.uploads.imagesNeedingStagedData(
                among: Array(Set(files.map(\.imageID))), changedSince: .now)
            for file in files where !needed.contains(file.imageID) {
                guard try await staging.remove(file, minimumAge: .zero) else { continue }
                logger.log(
                    .staleFileRemoved, "Removed what was left in the staging area",
                    metadata: ["image_id": "\(file.imageID)", "path": "\(file.name)"])
            }
        } catch {
            logger.warning("The staging area cannot be cleaned", metadata: ["error": "\(error)"])
        }
    }
}
