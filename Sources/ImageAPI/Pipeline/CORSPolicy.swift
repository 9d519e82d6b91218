import OsloConfig

/// Which origins may use the API from a browser, and how.
struct CORSPolicy: Sendable, Equatable {
    struct Rules: Sendable, Equatable {
        var allowsCredentials: Bool
        var exposedHeaders: [String]
        /// Seconds that a browser may keep a preflight answer; 0 says nothing.
        var maximumAge: Int
        var methods: [String]
        /// Lower-cased, with those that the recommendation calls simple.
        var headers: Set<String>

        init(
            allowsCredentials: Bool, exposedHeaders: [String], maximumAge: Int, methods: [String], headers: [String]
        ) {
            self.allowsCredentials = allowsCredentials
            self.exposedHeaders = exposedHeaders
            self.maximumAge = maximumAge
            self.methods = methods
            self.headers = Set(headers.map { $0.lowercased() }).union(Self.simpleHeaders)
        }

        private static let simpleHeaders: Set<String> = [
            "accept", "accept-language", "content-type", "cache-control", "content-language", "expires",
            "last-modified",
            "pragma",
        ]
    }

    private(set) var origins: [String: Rules] = [:]

    /// Adds rules for origins; the first rules of an origin count.
    mutating func allow(_ allowed: [String], _ rules: Rules) {
        for origin in allowed where origins[origin] == nil { origins[origin] = rules }
    }

    /// What `Access-Control-Allow-Origin` says to an origin, and its rules; nil for unknown ones.
    func rules(for origin: String) -> (allowed: String, rules: Rules)? {
        if let rules = origins[origin] { return (origin, rules) }
        return origins["*"].map { ("*", $0) }
    }
}

extension CORSPolicy {
    /// `[cors]` and all `[cors.<name>]`, whose missing values are those of `[cors]`.
    ///
    /// - Throws: ``ConfigurationError`` when a key of the paste section has a value of the wrong type.
    init(configuration: Configuration, keys: PasteOptions) throws(ConfigurationError) {
        let own = Rules(
            allowsCredentials: try keys.flag("allow_credentials") ?? configuration[Options.Cors.allowCredentials],
            exposedHeaders: keys.list("expose_headers") ?? configuration[Options.Cors.exposeHeaders],
            maximumAge: try keys.number("max_age") ?? configuration[Options.Cors.maxAge],
            methods: keys.list("allow_methods") ?? configuration[Options.Cors.allowMethods],
            headers: keys.list("allow_headers") ?? configuration[Options.Cors.allowHeaders])
        allow(keys.list("allowed_origin") ?? configuration[Options.Cors.allowedOrigin], own)
        for group in configuration.corsSections {
            allow(
                configuration.value(Options.Cors.allowedOrigin, group: group),
                Rules(
                    allowsCredentials: configuration.value(Options.Cors.allowCredentials, group: group),
                    exposedHeaders: configuration.value(Options.Cors.exposeHeaders, group: group),
                    maximumAge: configuration.value(Options.Cors.maxAge, group: group),
                    methods: configuration.value(Options.Cors.allowMethods, group: group),
                    headers: configuration.value(Options.Cors.allowHeaders, group: group)))
        }
    }
}
