public import Authorization
public import HTTPServer
public import Hummingbird
public import Identity
public import ImageImport
public import ImageService
public import Logging
public import MetadefService
public import OsloConfig

/// The Images API as a responder for an `HTTPListener`: stages of the paste file in front of the routes of all resources.
///
///     let pipeline = try Pipeline(configuration: configuration)
///     let authenticator = pipeline.usesKeystone ? try TokenAuthenticator(…) : nil
///     let application = try ImageAPIApplication(
///         configuration: configuration, pipeline: pipeline, service: service, imports: imports, tasks: tasks,
///         locations: locations, metadefs: metadefs, cache: cache, authorization: authorization, authenticator: authenticator, logger: logger)
public struct ImageAPIApplication: HTTPResponder {
    private let responder: any PipelineResponder
    /// Where Glance's access log comes from; operators have it in `default_log_levels`.
    public static let accessLogLabel = "eventlet.wsgi.server"
    private let transfers: TransferCount

    /// Uploads and downloads that are under way.
    public var activeTransfers: Int { transfers.value }

    /// - Parameters:
    ///   - pipeline: nil resolves the one that `configuration` names.
    ///   - authenticator: may be nil where the pipeline does not use Keystone.
    ///   - accessLog: takes the entries of the access log; nil is one with ``accessLogLabel``.
    /// - Throws: `ConfigurationError`.
    public init(
        configuration: Configuration, pipeline: Pipeline? = nil, service: ImageService, imports: ImportService,
        tasks: TaskService, locations: LocationService, metadefs: MetadefService, cache: CacheService,
        authorization: Authorization, authenticator: TokenAuthenticator?, accessLog: Logger? = nil, logger: Logger
    ) throws(ConfigurationError) {
        // Typed throws does not pass through the autoclosure of `??`.
        let pipeline = if let pipeline { pipeline } else { try Pipeline(configuration: configuration) }
        for warning in pipeline.warnings { logger.warning("\(warning)") }
        let transfers = TransferCount()
        let images: [Route]
        do {
            images = try ImageResources.routes(
                service: service, imports: imports, tasks: tasks, locations: locations, metadefs: metadefs,
                cache: cache, settings: ImageResourceSettings(configuration),
                transfers: transfers)
        } catch {
            throw ConfigurationError("\(error)")
        }
        var routes = Discovery(service: service, importMethods: imports.settings.methods).routes + images
        if pipeline.managesCache { routes += CacheManagement(service: cache).routes }
        self.init(
            try Self.responder(
                configuration: configuration, application: pipeline.application,
                lookup: CallerLookup(authorization: authorization, authenticator: authenticator), routes: routes,
                accessLog: accessLog ?? Logger(label: Self.accessLogLabel)),
            transfers: transfers)
    }

    init(_ responder: any PipelineResponder, transfers: TransferCount = TransferCount()) {
        self.responder = responder
        self.transfers = transfers
    }

    /// The whole chain in front of some routes.
    static func responder(
        configuration: Configuration, application: PasteApplication, lookup: CallerLookup, routes: [Route],
        accessLog: Logger? = nil
    ) throws(ConfigurationError) -> any PipelineResponder {
        let requestIDs = RequestIDPolicy(maximumLength: configuration[Options.Default.maxRequestIdLength])
        let versions = VersionsDocument(
            isMultiStore: !configuration[Options.Default.enabledBackends].isEmpty,
            hasCache: configuration[Options.Default.imageCacheDir].map { !$0.isEmpty } ?? false)
        let builder = PipelineBuilder(
            configuration: configuration, lookup: lookup, requestIDs: requestIDs, versions: versions,
            router: APIRouter(table: RouteTable(routes)))
        return try builder.responder(application)
            .behind(
                EntryStage(
                    publicEndpoint: configuration.publicEndpoint, requestIDs: requestIDs, accessLog: accessLog))
    }

    /// Makes the bodies of what the server itself refuses: they look like all our errors.
    public static let renderRefusal: RefusalRenderer = { refusal in
        APIError(refusal.status, refusal.reason).rendered(
            ErrorFormat(accept: refusal.accept), method: "requested")
    }

    public func respond(to request: Request, context: APIContext) async throws -> Response {
        try await responder.respond(to: request, context: context)
    }
}

extension Configuration {
    /// `public_endpoint` without slashes at its end; nil when unset.
    var publicEndpoint: String? {
        guard var endpoint = self[Options.Default.publicEndpoint], !endpoint.isEmpty else { return nil }
        while endpoint.hasSuffix("/") { endpoint.removeLast() }
        return endpoint
    }
}
