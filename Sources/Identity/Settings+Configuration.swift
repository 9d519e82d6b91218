import Logging
public import OsloConfig

// The only place that knows how the options of `[keystone_authtoken]` and `[oslo_limit]` become settings.

private typealias Authtoken = Options.KeystoneAuthtoken
private typealias Limits = Options.OsloLimit

extension KeystoneSettings {
    /// What `[keystone_authtoken]` says.
    ///
    /// - Throws: ``IdentityError/badConfiguration(_:)`` with the option and what is wrong.
    public init(_ configuration: Configuration) throws(IdentityError) {
        try self.init(AuthOptions(configuration, .keystoneAuthtoken, section: configuration[Authtoken.authSection]))
        interfaces = [configuration[Authtoken.interface]]
        regionName = configuration[Authtoken.regionName]
        timeout = configuration[Authtoken.httpConnectTimeout].flatMap { $0 > 0 ? $0 : nil }
        maxRetries = max(0, configuration[Authtoken.httpRequestMaxRetries])
        tls.caFile = configuration[Authtoken.cafile]
        tls.certificateFile = configuration[Authtoken.certfile]
        tls.keyFile = configuration[Authtoken.keyfile]
        tls.isInsecure = configuration[Authtoken.insecure]
    }

    /// What `[oslo_limit]` says: as whom, and where, to read limits.
    ///
    /// - Throws: ``IdentityError/badConfiguration(_:)`` naming the option that is missing or wrong.
    public init(limits configuration: Configuration) throws(IdentityError) {
        try self.init(AuthOptions(configuration, .osloLimit))
        let preferred = configuration[Limits.validInterfaces]
        interfaces = preferred.isEmpty ? ["public"] : preferred
        regionName = configuration[Limits.regionName]
        serviceType = configuration[Limits.serviceType] ?? serviceType
        serviceName = configuration[Limits.serviceName]
        endpointOverride = configuration[Limits.endpointOverride]
        timeout = configuration[Limits.timeout].flatMap { $0 > 0 ? max(1, Int($0.rounded(.up))) : nil }
        maxRetries = max(0, configuration[Limits.connectRetries] ?? 1)
        if let delay = configuration[Limits.connectRetryDelay] { retryDelay = .seconds(max(0, delay)) }
        statusRetries.count = max(0, configuration[Limits.statusCodeRetries] ?? 0)
        if let delay = configuration[Limits.statusCodeRetryDelay] { statusRetries.delay = .seconds(max(0, delay)) }
        let statuses = configuration[Limits.retriableStatusCodes]
        if !statuses.isEmpty { statusRetries.statuses = Set(statuses) }
        tls.caFile = configuration[Limits.cafile]
        tls.certificateFile = configuration[Limits.certfile]
        tls.keyFile = configuration[Limits.keyfile]
        tls.isInsecure = configuration[Limits.insecure]
        tls.minimumVersion = configuration[Limits.tlsMinVersion]
        tls.ciphers = configuration[Limits.tlsCiphers]
    }

    private init(_ options: AuthOptions) throws(IdentityError) {
        guard let type = options[\.authType] ?? options.names.defaultType else {
            throw options.missing("auth_type", "password or v3applicationcredential")
        }
        guard let url = options[\.authUrl] else { throw options.missing("auth_url", "the URL of Keystone") }
        let lowered = url.lowercased()
        guard ["http://", "https://"].contains(where: { lowered.hasPrefix($0) && lowered.count > $0.count }) else {
            throw options.wrong("auth_url", "\"\(url)\" isn't an http or https URL")
        }
        switch type.lowercased() {
        case "password", "v3password":
            guard let password = options[\.password] else { throw options.missing("password", "the user's password") }
            self.init(
                authURL: url, credentials: .password(try options.user(), password: password), scope: try options.scope()
            )
        case "v3applicationcredential":
            self.init(authURL: url, credentials: try options.applicationCredential(), scope: .implied)
        default:
            throw options.wrong(
                "auth_type", "\"\(type)\" isn't one of password, v3password, v3applicationcredential")
        }
        while authURL.hasSuffix("/") { authURL.removeLast() }
        section = options.names.group
    }
}

/// The options of an authentication plugin as one section declares them.
private struct AuthOptionNames {
    typealias Name = Option<String?>

    let group: String
    /// What an unset `auth_type` means.
    var defaultType: String?
    let authType, authUrl, password, userId, username, userDomainId, userDomainName: Name
    let trustId, systemScope, domainId, domainName, projectId, projectName, projectDomainId, projectDomainName: Name
    let defaultDomainId, defaultDomainName: Name
    let applicationCredentialId, applicationCredentialName, applicationCredentialSecret: Name

    static let keystoneAuthtoken = AuthOptionNames(
        group: Authtoken.authType.group, authType: Authtoken.authType, authUrl: Authtoken.authUrl,
        password: Authtoken.password, userId: Authtoken.userId, username: Authtoken.username,
        userDomainId: Authtoken.userDomainId, userDomainName: Authtoken.userDomainName, trustId: Authtoken.trustId,
        systemScope: Authtoken.systemScope, domainId: Authtoken.domainId, domainName: Authtoken.domainName,
        projectId: Authtoken.projectId, projectName: Authtoken.projectName,
        projectDomainId: Authtoken.projectDomainId, projectDomainName: Authtoken.projectDomainName,
        defaultDomainId: Authtoken.defaultDomainId, defaultDomainName: Authtoken.defaultDomainName,
        applicationCredentialId: Authtoken.applicationCredentialId,
        applicationCredentialName: Authtoken.applicationCredentialName,
        applicationCredentialSecret: Authtoken.applicationCredentialSecret)

    static let osloLimit = AuthOptionNames(
        group: Limits.authType.group, defaultType: "password", authType: Limits.authType, authUrl: Limits.authUrl,
        password: Limits.password, userId: Limits.userId, username: Limits.username,
        userDomainId: Limits.userDomainId, userDomainName: Limits.userDomainName, trustId: Limits.trustId,
        systemScope: Limits.systemScope, domainId: Limits.domainId, domainName: Limits.domainName,
        projectId: Limits.projectId, projectName: Limits.projectName, projectDomainId: Limits.projectDomainId,
        projectDomainName: Limits.projectDomainName, defaultDomainId: Limits.defaultDomainId,
        defaultDomainName: Limits.defaultDomainName, applicationCredentialId: Limits.applicationCredentialId,
        applicationCredentialName: Limits.applicationCredentialName,
        applicationCredentialSecret: Limits.applicationCredentialSecret)
}

/// The options of the authentication plugin, which `auth_section` may move to another section.
private struct AuthOptions {
    let configuration: Configuration
    let names: AuthOptionNames
    let section: String?

    init(_ configuration: Configuration, _ names: AuthOptionNames, section: String? = nil) {
        self.configuration = configuration
        self.names = names
        self.section = section
    }

    /// An empty text counts as none.
    subscript(name: KeyPath<AuthOptionNames, AuthOptionNames.Name>) -> String? {
        let option = names[keyPath: name]
        let value = section.map { configuration.value(option, group: $0) } ?? configuration[option]
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    func user() throws(IdentityError) -> KeystoneSettings.User {
        if let id = self[\.userId] { return .id(id) }
        guard let name = self[\.username] else { throw missing("username", "the service's user") }
        guard let domain = domain(\.userDomainId, \.userDomainName) ?? defaultDomain else {
            throw missing("user_domain_name", "the domain of user \"\(name)\"")
        }
        return .name(name, domain)
    }

    func scope() throws(IdentityError) -> KeystoneSettings.Scope {
        if let trust = self[\.trustId] { return .trust(trust) }
        if let system = self[\.systemScope] {
            guard system == "all" else { throw wrong("system_scope", "\"\(system)\" isn't all") }
            return .system
        }
        if let domain = domain(\.domainId, \.domainName) { return .domain(domain) }
        if let id = self[\.projectId] { return .projectID(id) }
        guard let name = self[\.projectName] else {
            throw missing("project_name", "the project of the service's user (or system_scope = all)")
        }
        guard let domain = domain(\.projectDomainId, \.projectDomainName) ?? defaultDomain else {
            throw missing("project_domain_name", "the domain of project \"\(name)\"")
        }
        return .project(name, domain)
    }

    func applicationCredential() throws(IdentityError) -> KeystoneSettings.Credentials {
        guard let secret = self[\.applicationCredentialSecret] else {
            throw missing("application_credential_secret", "the secret of the application credential")
        }
        if let id = self[\.applicationCredentialId] { return .applicationCredential(id: id, secret: secret) }
        guard let name = self[\.applicationCredentialName] else {
            throw missing("application_credential_id", "the application credential")
        }
        return .namedApplicationCredential(name: name, try user(), secret: secret)
    }

    func missing(_ option: String, _ meaning: String) -> IdentityError {
        .badConfiguration("[\(names.group)] \(option) isn't set: \(meaning)")
    }

    func wrong(_ option: String, _ reason: String) -> IdentityError {
        .badConfiguration("[\(names.group)] \(option): \(reason)")
    }

    private var defaultDomain: KeystoneSettings.Domain? { domain(\.defaultDomainId, \.defaultDomainName) }

    private func domain(
        _ id: KeyPath<AuthOptionNames, AuthOptionNames.Name>, _ name: KeyPath<AuthOptionNames, AuthOptionNames.Name>
    ) -> KeystoneSettings.Domain? {
        self[id].map { .id($0) } ?? self[name].map { .name($0) }
    }
}

extension TokenSettings {
    init(_ configuration: Configuration, authURL: String, logger: Logger) throws(IdentityError) {
        self.init(publicURL: configuration[Authtoken.wwwAuthenticateUri] ?? authURL)
        cacheTime = configuration[Authtoken.tokenCacheTime]
        includesCatalog = configuration[Authtoken.includeServiceCatalog]
        serviceRoles = Set(configuration[Authtoken.serviceTokenRoles].map { $0.lowercased() })
        serviceRolesRequired = configuration[Authtoken.serviceTokenRolesRequired]
        serviceType = configuration[Authtoken.serviceType]
        memcached = try MemcachedSettings(configuration, logger: logger)
    }
}

extension MemcachedSettings {
    /// nil when there are no servers, or none that could be used safely.
    init?(_ configuration: Configuration, logger: Logger) throws(IdentityError) {
        var servers: [Server] = []
        for text in configuration[Authtoken.memcachedServers] { servers.append(try Server(text)) }
        let protection = try CacheProtection(
            strategy: configuration[Authtoken.memcacheSecurityStrategy],
            secret: configuration[Authtoken.memcacheSecretKey])
        if servers.isEmpty { return nil }
        if configuration[Authtoken.memcacheTlsEnabled] {
            // Tokens must not travel in the clear where the operator asked for TLS.
            logger.warning(
                "[keystone_authtoken] memcache_tls_enabled: TLS to memcached isn't possible; tokens are cached in the process alone"
            )
            return nil
        }
        self.init(servers: servers, protection: protection)
        if configuration[Authtoken.memcacheSaslEnabled] {
            guard let user = configuration[Authtoken.memcacheUsername],
                let password = configuration[Authtoken.memcachePassword]
            else { throw .missing("memcache_username and memcache_password", "what memcache_sasl_enabled needs") }
            sasl = SASL(user: user, password: password)
        }
        deadRetry = max(1, configuration[Authtoken.memcachePoolDeadRetry])
        socketTimeout = min(max(1, configuration[Authtoken.memcachePoolSocketTimeout]), 3600)
        unusedTimeout = max(1, configuration[Authtoken.memcachePoolUnusedTimeout])
        connectionTimeout = max(1, configuration[Authtoken.memcachePoolConnGetTimeout])
        maximumConnections = max(1, configuration[Authtoken.memcachePoolMaxsize])
    }
}

extension MemcachedSettings.Server {
    /// `host`, `host:port`, `[address]:port`, `inet6:[address]:port` or `unix:path`.
    init(_ text: String) throws(IdentityError) {
        let wrong = IdentityError.badConfiguration(
            "[keystone_authtoken] memcached_servers: \"\(text)\" isn't host:port or unix:path")
        if text.hasPrefix("unix:") || text.hasPrefix("/") {
            let path = text.hasPrefix("/") ? text : String(text.dropFirst(5))
            guard path.hasPrefix("/") else { throw wrong }
            self.init(host: path, port: 0)
            return
        }
        var rest = Substring(text)
        for family in ["inet6:", "inet:"] where rest.hasPrefix(family) { rest = rest.dropFirst(family.count) }
        let host: Substring
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            host = rest[..<end].dropFirst()
            rest = rest[end...].dropFirst()
        } else {
            host = rest.prefix { $0 != ":" }
            rest = rest.dropFirst(host.count)
        }
        guard let port = rest.isEmpty ? 11211 : UInt16(rest.dropFirst()), port > 0, !host.isEmpty,
            rest.isEmpty || rest.hasPrefix(":"), !host.contains(where: \.isWhitespace)
        else { throw wrong }
        self.init(host: String(host), port: port)
    }
}

extension IdentityError {
    fileprivate static func missing(_ option: String, _ meaning: String) -> IdentityError {
        .badConfiguration("[keystone_authtoken] \(option) isn't set: \(meaning)")
    }
}
