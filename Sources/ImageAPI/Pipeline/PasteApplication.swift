import OsloConfig

/// What a paste file describes: applications of ours behind filters of ours, all names resolved.
indirect enum PasteApplication: Sendable, Equatable {
    /// Applications by path prefix; the longest prefix wins.
    case urlMap([Mount])
    /// Filters in front of an application, the outermost first.
    case pipeline([Filter], PasteApplication)
    /// The list of API versions.
    case versions
    /// The Images API v2.
    case api
    case healthcheck(options: [String: String])

    struct Mount: Sendable, Equatable {
        var prefix: String
        var application: PasteApplication
    }

    struct Filter: Sendable, Equatable {
        /// Name of the section, for messages.
        var name: String
        var stage: Stage
        /// Keys of the section, without the factory.
        var options: [String: String]
    }

    /// Filters that are built in.
    enum Stage: String, Sendable, CaseIterable {
        case cors
        case httpProxyToWSGI
        case versionNegotiation
        case authtoken
        case context
        case unauthenticatedContext
        case gzip
        case sizeLimit
        case healthcheck
        case audit
        /// Request ids, profiling hooks and a last catch for errors: what these filters do for Glance is part of every
        /// pipeline here, or inert by default there too.
        case builtIn
        /// Downloads go through the image cache (`Pipeline.usesCache`); there is no stage for it.
        case cache
        /// The older interface to the cache (`Pipeline.managesCache`), which has routes like any other.
        case cacheManagement
    }

    /// Resolves the application of a flavor.
    ///
    /// - Parameters:
    ///   - flavor: `[paste_deploy] flavor`.
    ///   - ignoredFilters: names of filters to leave out although nothing here can replace them.
    /// - Throws: ``ConfigurationError`` naming section and key.
    init(_ file: PasteFile, flavor: String?, ignoredFilters: Set<String>) throws(ConfigurationError) {
        let resolver = Resolver(file: file, flavor: flavor, ignoredFilters: ignoredFilters)
        self = try resolver.application(flavor.map { "glance-api-\($0)" } ?? "glance-api", depth: 0)
    }

    /// All filters of all pipelines.
    var filters: [Filter] {
        switch self {
        case .urlMap(let mounts): mounts.flatMap(\.application.filters)
        case .pipeline(let filters, let application): filters + application.filters
        case .versions, .api, .healthcheck: []
        }
    }
}

private struct Resolver {
    let file: PasteFile
    let flavor: String?
    let ignoredFilters: Set<String>

    func failure(_ reason: String) -> ConfigurationError {
        ConfigurationError("\(file.path): \(reason)")
    }

    func application(_ name: String, depth: Int) throws(ConfigurationError) -> PasteApplication {
        guard depth < 16 else { throw failure("'\(name)' refers to itself") }
        let kinds = ["composite", "composit", "pipeline", "app", "application", "filter-app"]
        guard let section = file.section(kinds, name) else {
            throw failure("there is no section [app:\(name)], [pipeline:\(name)] or [composite:\(name)]")
        }
        if section.kind == "pipeline" {
            guard let names = section["pipeline"] else { throw failure("[pipeline:\(name)] has no key 'pipeline'") }
            return try pipeline(names, of: name, depth: depth)
        }
        if section.kind == "filter-app" {
            guard let next = section["next"] else { throw failure("[filter-app:\(name)] has no key 'next'") }
            return .pipeline([try filter(section, depth: depth)], try application(next, depth: depth + 1))
        }
        let application = try plainApplication(section, depth: depth)
        guard let outer = section["filter-with"], !ignoredFilters.contains(outer) else { return application }
        return .pipeline([try filter(outer, depth: 0)], application)
    }

    private func plainApplication(
        _ section: PasteFile.Section, depth: Int
    ) throws(ConfigurationError) -> PasteApplication {
        let name = section.name
        switch Factory.application(of: section) {
        case .urlMap:
            var mounts: [PasteApplication.Mount] = []
            for key in section.keys where key.name.hasPrefix("/") {
                mounts.append(.init(prefix: key.name, application: try application(key.value, depth: depth + 1)))
            }
            return .urlMap(mounts.sorted { $0.prefix.utf8.count > $1.prefix.utf8.count })
        case .flavors:
            guard let names = section[flavor ?? "default"] else {
                throw failure("[\(section.kind):\(name)] has no pipeline '\(flavor ?? "default")'")
            }
            return try pipeline(names, of: name, depth: depth)
        case .versions: return .versions
        case .api: return .api
        case .healthcheck: return .healthcheck(options: section.options)
        case .reference(let other): return try application(other, depth: depth + 1)
        case .unknown(let factory):
            throw failure("[\(section.kind):\(name)] names '\(factory)', an application that this server does not have")
        }
    }

    func pipeline(_ names: String, of owner: String, depth: Int) throws(ConfigurationError) -> PasteApplication {
        var names = names.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let last = names.popLast() else { throw failure("the pipeline of '\(owner)' is empty") }
        var filters: [PasteApplication.Filter] = []
        for name in names where !ignoredFilters.contains(name) { filters.append(try filter(name, depth: 0)) }
        return .pipeline(filters, try application(last, depth: depth + 1))
    }

    func filter(_ name: String, depth: Int) throws(ConfigurationError) -> PasteApplication.Filter {
        guard depth < 16 else { throw failure("'\(name)' refers to itself") }
        guard let section = file.section(["filter"], name) else {
            throw failure("there is no section [filter:\(name)]")
        }
        return try filter(section, depth: depth)
    }

    private func filter(
        _ section: PasteFile.Section, depth: Int
    ) throws(ConfigurationError) -> PasteApplication.Filter {
        let name = section.name
        switch Factory.filter(of: section) {
        case .stage(let stage): return .init(name: name, stage: stage, options: section.options)
        case .reference(let other):
            var filter = try filter(other, depth: depth + 1)
            filter.name = name
            filter.options.merge(section.options) { _, own in own }
            return filter
        case .unknown(let factory):
            throw failure(
                "[filter:\(name)] names '\(factory)', a Python filter that this server does not have; take '\(name)' out of "
                    + "the pipeline, or list it in [paste_deploy] ignored_filters to run without it")
        }
    }
}

extension PasteFile.Section {
    /// Keys that are meant for the application or filter itself.
    fileprivate var options: [String: String] {
        var options: [String: String] = [:]
        for key in keys
        where !["use", "next", "filter-with"].contains(key.name) && !key.name.hasPrefix("paste.")
            && !key.name.hasPrefix("/")
        {
            options[key.name] = key.value
        }
        return options
    }
}

/// Factories by the names that paste files use: `module:attribute` or `egg:distribution#entry_point`.
private enum Factory {
    enum Application {
        case urlMap, flavors, versions, api, healthcheck
        case reference(String)
        case unknown(String)
    }

    enum Filter {
        case stage(PasteApplication.Stage)
        case reference(String)
        case unknown(String)
    }

    static func application(of section: PasteFile.Section) -> Application {
        let keys = ["use", "paste.composite_factory", "paste.app_factory"]
        switch keys.lazy.compactMap({ section[$0] }).first.map(withoutCall) {
        case "glance.api:root_app_factory", "egg:Paste#urlmap", "egg:paste#urlmap", "paste.urlmap:urlmap_factory":
            return .urlMap
        case "glance.api:pipeline_factory": return .flavors
        // Version 1 is gone; what answers at its path is the list of those that are there.
        case "glance.api.versions:create_resource", "glance.api.v1.router:API.factory": return .versions
        case "glance.api.v2.router:API.factory": return .api
        case "oslo_middleware:Healthcheck.app_factory", "oslo_middleware.healthcheck:Healthcheck.app_factory",
            "egg:oslo.middleware#healthcheck":
            return .healthcheck
        case let other?: return isReference(other) ? .reference(other) : .unknown(other)
        case nil: return .unknown("(nothing)")
        }
    }

    static func filter(of section: PasteFile.Section) -> Filter {
        let keys = ["use", "paste.filter_factory"]
        guard let factory = keys.lazy.compactMap({ section[$0] }).first.map(withoutCall) else {
            return .unknown("(nothing)")
        }
        if let stage = stages[factory] { return .stage(stage) }
        return isReference(factory) ? .reference(factory) : .unknown(factory)
    }

    /// `call:module:attribute` names the same as `module:attribute`.
    private static func withoutCall(_ factory: String) -> String {
        factory.hasPrefix("call:") ? String(factory.dropFirst("call:".count)) : factory
    }

    /// `use = other_section` in the same file.
    private static func isReference(_ use: String) -> Bool { !use.contains(":") }

    private static let stages: [String: PasteApplication.Stage] = [
        "oslo_middleware.cors:filter_factory": .cors,
        "oslo_middleware:CORS.factory": .cors,
        "oslo_middleware.cors:CORS.factory": .cors,
        "egg:oslo.middleware#cors": .cors,
        "oslo_middleware:HTTPProxyToWSGI.factory": .httpProxyToWSGI,
        "oslo_middleware.http_proxy_to_wsgi:HTTPProxyToWSGI.factory": .httpProxyToWSGI,
        "egg:oslo.middleware#http_proxy_to_wsgi": .httpProxyToWSGI,
        "glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory": .versionNegotiation,
        "keystonemiddleware.auth_token:filter_factory": .authtoken,
        "egg:keystonemiddleware#auth_token": .authtoken,
        "glance.api.middleware.context:ContextMiddleware.factory": .context,
        "glance.api.middleware.context:UnauthenticatedContextMiddleware.factory": .unauthenticatedContext,
        "glance.api.middleware.gzip:GzipMiddleware.factory": .gzip,
        "oslo_middleware:RequestBodySizeLimiter.factory": .sizeLimit,
        "oslo_middleware.sizelimit:RequestBodySizeLimiter.factory": .sizeLimit,
        "egg:oslo.middleware#sizelimit": .sizeLimit,
        "oslo_middleware:Healthcheck.factory": .healthcheck,
        "oslo_middleware.healthcheck:Healthcheck.factory": .healthcheck,
        "egg:oslo.middleware#healthcheck": .healthcheck,
        "keystonemiddleware.audit:filter_factory": .audit,
        "egg:keystonemiddleware#audit": .audit,
        "osprofiler.web:WsgiMiddleware.factory": .builtIn,
        "oslo_middleware:Debug.factory": .builtIn,
        "oslo_middleware.debug:Debug.factory": .builtIn,
        "egg:oslo.middleware#debug": .builtIn,
        "oslo_middleware:CorrelationId.factory": .builtIn,
        "oslo_middleware.correlation_id:CorrelationId.factory": .builtIn,
        "egg:oslo.middleware#correlation_id": .builtIn,
        "egg:osprofiler#osprofiler": .builtIn,
        "oslo_middleware:RequestId.factory": .builtIn,
        "oslo_middleware.request_id:RequestId.factory": .builtIn,
        "egg:oslo.middleware#request_id": .builtIn,
        "oslo_middleware:CatchErrors.factory": .builtIn,
        "oslo_middleware.catch_errors:CatchErrors.factory": .builtIn,
        "egg:oslo.middleware#catch_errors": .builtIn,
        "glance.api.middleware.cache:CacheFilter.factory": .cache,
        "glance.api.middleware.cache_manage:CacheManageFilter.factory": .cacheManagement,
    ]
}
