import Logging
import OsloConfig
import Testing

@testable import Identity

@Suite struct SettingsTests {
    private static let password = """
        auth_type = password
        auth_url = http://keystone:5000/
        username = glance
        password = secret
        user_domain_name = Default
        project_name = service
        project_domain_id = default
        """

    private func configuration(_ options: String) throws -> Configuration {
        try Configuration(text: "[keystone_authtoken]\n" + options)
    }

    private func tokens(_ options: String) throws -> TokenSettings {
        try TokenSettings(
            configuration(options), authURL: "http://keystone:5000", logger: Logger(label: "test"))
    }

    @Test func installGuide() throws {
        let settings = try KeystoneSettings(configuration(Self.password))
        #expect(settings.authURL == "http://keystone:5000")
        #expect(settings.credentials == .password(.name("glance", .name("Default")), password: "secret"))
        #expect(settings.scope == .project("service", .id("default")))
        #expect(settings.interfaces == ["internal"])
        #expect(settings.maxRetries == 3)
    }

    @Test(arguments: [
        ("user_id = u", KeystoneSettings.Scope.project("service", .id("default"))), ("project_id = p", .projectID("p")),
        ("system_scope = all", .system), ("domain_id = d", .domain(.id("d"))), ("domain_name = D", .domain(.name("D"))),
        ("trust_id = t", .trust("t")),
    ])
    func scopes(option: String, scope: KeystoneSettings.Scope) throws {
        let settings = try KeystoneSettings(configuration(Self.password + "\n" + option))
        #expect(settings.scope == scope)
    }

    @Test func defaultDomainStandsInForBoth() throws {
        let settings = try KeystoneSettings(
            configuration(
                """
                auth_type = v3password
                auth_url = https://keystone/identity/v3
                username = glance
                password = secret
                project_name = service
                default_domain_name = Default
                """))
        #expect(settings.credentials == .password(.name("glance", .name("Default")), password: "secret"))
        #expect(settings.scope == .project("service", .name("Default")))
    }

    @Test func applicationCredentials() throws {
        let common = "auth_type = v3applicationcredential\nauth_url = http://k\napplication_credential_secret = s\n"
        #expect(
            try KeystoneSettings(configuration(common + "application_credential_id = i")).credentials
                == .applicationCredential(id: "i", secret: "s"))
        #expect(
            try KeystoneSettings(
                configuration(common + "application_credential_name = n\nusername = u\nuser_domain_id = d")
            ).credentials == .namedApplicationCredential(name: "n", .name("u", .id("d")), secret: "s"))
    }

    @Test(arguments: [
        ("tenant_id = p", KeystoneSettings.Scope.projectID("p")), ("tenant-id = p", .projectID("p")),
        ("tenant_name = p", .project("p", .id("d"))), ("tenant-name = p", .project("p", .id("d"))),
    ])
    func oldNamesOfTheProjectCountForLimits(line: String, scope: KeystoneSettings.Scope) throws {
        let configuration = try Configuration(
            text: """
                [oslo_limit]
                auth_url = http://k
                username = u
                user_domain_id = d
                password = s
                project_domain_id = d
                \(line)
                """)
        #expect(try KeystoneSettings(limits: configuration).scope == scope)
    }

    @Test func authSectionMovesTheCredentials() throws {
        let settings = try KeystoneSettings(
            Configuration(
                text: "[keystone_authtoken]\nauth_section = mine\ninterface = public\n[mine]\n" + Self.password))
        #expect(settings.credentials == .password(.name("glance", .name("Default")), password: "secret"))
        #expect(settings.interfaces == ["public"])
    }

    @Test(arguments: [
        ("auth_type = password", "auth_type isn't set"), ("auth_url = http://keystone:5000/", "auth_url isn't set"),
        ("username = glance", "username isn't set"), ("password = secret", "password isn't set"),
        ("user_domain_name = Default", "user_domain_name isn't set"),
        ("project_name = service", "project_name isn't set"),
        ("project_domain_id = default", "project_domain_name isn't set"),
    ])
    func whatIsMissingIsNamed(line: String, message: String) throws {
        let configuration = try configuration(Self.password.replacing(line, with: ""))
        let error = #expect(throws: IdentityError.self) { try KeystoneSettings(configuration) }
        #expect(error?.description.contains(message) == true)
    }

    @Test(arguments: ["auth_type = v3oidc", "auth_url = keystone:5000", "auth_url = ftp://k", "system_scope = some"])
    func wrongValuesAreErrors(line: String) throws {
        let configuration = try configuration(Self.password + "\n" + line)
        #expect(throws: IdentityError.self) { try KeystoneSettings(configuration) }
    }

    @Test func tokenSettings() throws {
        var settings = try tokens("")
        #expect(settings == TokenSettings(publicURL: "http://keystone:5000"))
        settings = try tokens(
            """
            www_authenticate_uri = https://public
            token_cache_time = -1
            service_token_roles = Service, nova
            service_type = image
            memcached_servers = a, b:1, [::1]:2, inet6:[::1], unix:/run/memcached.sock
            memcache_security_strategy = ENCRYPT
            memcache_secret_key = k
            memcache_pool_dead_retry = 5
            memcache_pool_conn_get_timeout = 7
            """)
        #expect(settings.publicURL == "https://public")
        #expect(settings.cacheTime == -1)
        #expect(settings.serviceRoles == ["service", "nova"])
        #expect(settings.serviceType == "image")
        #expect(
            settings.memcached?.servers == [
                .init(host: "a", port: 11211), .init(host: "b", port: 1), .init(host: "::1", port: 2),
                .init(host: "::1", port: 11211), .init(host: "/run/memcached.sock", port: 0),
            ])
        #expect(settings.memcached?.protection == .encrypt(secret: Array("k".utf8)))
        #expect(settings.memcached?.deadRetry == 5)
        #expect(settings.memcached?.connectionTimeout == 7)
    }

    @Test(arguments: [
        "memcached_servers = a:0", "memcached_servers = a:b", "memcached_servers = :1", "memcached_servers = unix:x",
        "memcached_servers = a:99999", "memcached_servers = [::1", "memcached_servers = [::1]1",
        "memcache_security_strategy = MAC", "memcached_servers = a\nmemcache_sasl_enabled = true",
    ])
    func wrongCacheOptionsAreErrors(options: String) throws {
        #expect(throws: IdentityError.self) { try tokens(options) }
    }

    @Test func tlsToMemcachedIsNotPretended() throws {
        #expect(try tokens("memcached_servers = a\nmemcache_tls_enabled = true").memcached == nil)
    }
}
