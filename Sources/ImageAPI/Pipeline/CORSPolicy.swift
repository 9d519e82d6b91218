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
