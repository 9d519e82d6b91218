/// How tokens are judged and remembered.
struct TokenSettings: Sendable, Equatable {
    /// For the challenge of a refusal.
    var publicURL: String
    /// Seconds that a verdict of Keystone stands; none are kept when it isn't positive.
    var cacheTime = 300
    var includesCatalog = true
    /// Lower-cased.
    var serviceRoles: Set<String> = ["service"]
    var serviceRolesRequired = true
    /// Of this service, to judge access rules by.
    var serviceType: String?
    /// nil leaves it at the cache in the process.
    var memcached: MemcachedSettings?
}

/// Where and how verdicts are shared with other processes.
struct MemcachedSettings: Sendable, Equatable {
    var servers: [Server]
    var protection = CacheProtection.none
    var sasl: SASL?
    /// Longest pause, in seconds, before a server that failed is tried again.
    var deadRetry = 300
    /// Seconds.
    var socketTimeout = 3
    /// Seconds after which an idle connection is closed.
    var unusedTimeout = 60
    /// Seconds that a request waits for a connection that others use.
    var connectionTimeout = 10
    /// Connections for each server.
    var maximumConnections = 10

    struct Server: Sendable, Hashable {
        /// Name, address or, with port 0, path of a socket.
        var host: String
        var port: UInt16
    }

    struct SASL: Sendable, Equatable {
        var user: String
        var password: String
    }
}
