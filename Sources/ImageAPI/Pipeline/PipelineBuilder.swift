import Hummingbird
import OsloConfig

/// Makes responders of a resolved paste file.
struct PipelineBuilder {
    let configuration: Configuration
    let lookup: CallerLookup
    let requestIDs: RequestIDPolicy
    let versions: VersionsDocument
    let router: APIRouter

    /// - Throws: ``ConfigurationError`` when a stage's options cannot work.
    func responder(_ application: PasteApplication) throws(ConfigurationError) -> any PipelineResponder {
        switch application {
        case .versions: return versions
        case .api: return router
        case .healthcheck(let options):
            return try HealthcheckApplication(
                keys: PasteOptions(section: "healthcheck", options: options), configuration: configuration)
        case .urlMap(let mounts):
            var resolved: [(prefix: String, responder: any PipelineResponder)] = []
            for mount in mounts { resolved.append((mount.prefix, try responder(mount.application))) }
            return URLMap(mounts: resolved)
        case .pipeline(let filters, let application):
            var responder = try responder(application)
            for filter in filters.reversed() { responder = try put(filter, before: responder) }
            return responder
        }
    }

    private func put(
        _ filter: PasteApplication.Filter, before next: any PipelineResponder
    ) throws(ConfigurationError) -> any PipelineResponder {
        let keys = PasteOptions(section: filter.name, options: filter.options)
        switch filter.stage {
        case .cors:
            let policy = try CORSPolicy(configuration: configuration, keys: keys)
            return next.behind(CORSStage(policy: policy))
        case .httpProxyToWSGI:
            let isEnabled = try keys.flag("enable_proxy_headers_parsing")
            guard isEnabled ?? configuration[Options.OsloMiddleware.enableProxyHeadersParsing] else { return next }
            return next.behind(
                ProxyHeadersStage(
                    publicEndpoint: configuration.publicEndpoint,
                    trustedProxies: try AddressRange.ranges(
                        configuration[Options.OsloMiddleware.trustedProxies],
                        of: "[oslo_middleware] trusted_proxies")))
        case .versionNegotiation: return next.behind(VersionNegotiationStage(versions: versions))
        case .authtoken:
            guard let validate = lookup.validate else {
                throw ConfigurationError("paste filter '\(filter.name)' needs a [keystone_authtoken] configuration")
            }
            let delays = try keys.flag("delay_auth_decision")
            return next.behind(
                AuthTokenStage(
                    validate: validate, challenge: lookup.challenge,
                    delaysDecision: delays ?? configuration[Options.KeystoneAuthtoken.delayAuthDecision]))
        case .context:
            let allowsAnonymous = configuration[Options.Default.allowAnonymousAccess]
            return next.behind(contextStage(.authenticated(allowsAnonymous: allowsAnonymous)))
        case .unauthenticatedContext: return next.behind(contextStage(.unauthenticated))
        case .gzip: return next.behind(GzipStage())
        case .sizeLimit:
            let own = try keys.number("max_request_body_size")
            return next.behind(
                SizeLimitStage(maximum: own ?? configuration[Options.OsloMiddleware.maxRequestBodySize]))
        case .healthcheck:
            let application = try HealthcheckApplication(keys: keys, configuration: configuration)
            return URLMap(mounts: [(filter.options["path"] ?? "/healthcheck", application), ("/", next)])
        case .audit: return next.behind(AuditStage())
        case .builtIn, .cache, .cacheManagement: return next
        }
    }

    private func contextStage(_ mode: ContextStage.Mode) -> ContextStage {
        ContextStage(mode: mode, lookup: lookup, requestIDs: requestIDs)
    }
}
