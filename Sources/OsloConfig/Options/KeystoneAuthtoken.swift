extension Options {
    /// The group `[keystone_authtoken]`.
    public enum KeystoneAuthtoken {
        static let group = "keystone_authtoken"

        public static let wwwAuthenticateUri = Option<String?>(
            .honoured, group, "www_authenticate_uri", default: nil,
            help: "Public Keystone URL placed in WWW-Authenticate.")

        public static let authVersion = Option<String?>(
            .noMeaning("only version 3 of the Identity API exists"), group, "auth_version", default: nil,
            help: "Force Keystone API version.")

        public static let interface = Option<String>(
            .honoured, group, "interface", default: "internal",
            help: "Catalog interface for Keystone.")

        public static let delayAuthDecision = Option<Bool>(
            .honoured, group, "delay_auth_decision", default: false,
            help: "Pass unauthenticated requests on; Glance's paste sets true.")

        public static let httpConnectTimeout = Option<Int?>(
            .honoured, group, "http_connect_timeout", default: nil,
            help: "Timeout of Keystone requests.")

        public static let httpRequestMaxRetries = Option<Int>(
            .honoured, group, "http_request_max_retries", default: 3,
            help: "Reconnect attempts to Keystone.")

        public static let cache = Option<String?>(
            .noMeaning("there is no WSGI environment to find a cache in"), group, "cache", default: nil,
            help: "WSGI env key holding a cache object (swift).")

        public static let certfile = Option<String?>(
            .honoured, group, "certfile", default: nil,
            help: "Client certificate for Keystone TLS.")

        public static let keyfile = Option<String?>(
            .honoured, group, "keyfile", default: nil,
            help: "Client key for Keystone TLS.")

        public static let cafile = Option<String?>(
            .honoured, group, "cafile", default: nil,
            help: "CA bundle for Keystone TLS.")

        public static let insecure = Option<Bool>(
            .honoured, group, "insecure", default: false,
            help: "Skip TLS verification.")

        public static let regionName = Option<String?>(
            .honoured, group, "region_name", default: nil,
            help: "Region of the Keystone endpoint.")

        public static let memcachedServers = Option<[String]>(
            .honoured, group, "memcached_servers", default: [], oldNames: ["memcache_servers"],
            help: "host:port list for the token cache; unset = in-process cache.")

        public static let tokenCacheTime = Option<Int>(
            .honoured, group, "token_cache_time", default: 300,
            help: "Seconds a validated token stays cached; -1 disables.")

        public static let memcacheSecurityStrategy = Option<String>(
            .honoured, group, "memcache_security_strategy", default: "None", choices: ["None", "MAC", "ENCRYPT"],
            help: "None, MAC or ENCRYPT cached token data.")

        public static let memcacheSecretKey = Option<String?>(
            .honoured, group, "memcache_secret_key", default: nil, secret: true,
            help: "Key derivation secret; mandatory with MAC/ENCRYPT.")

        public static let memcacheTlsEnabled = Option<Bool>(
            .honoured, group, "memcache_tls_enabled", default: false,
            help: "TLS to memcached.")

        public static let memcacheTlsCafile = Option<String?>(
            .honoured, group, "memcache_tls_cafile", default: nil,
            help: "CA for memcached TLS.")

        public static let memcacheTlsCertfile = Option<String?>(
            .honoured, group, "memcache_tls_certfile", default: nil,
            help: "Client certificate for memcached TLS.")

        public static let memcacheTlsKeyfile = Option<String?>(
            .honoured, group, "memcache_tls_keyfile", default: nil,
            help: "Client key for memcached TLS.")

        public static let memcacheTlsAllowedCiphers = Option<String?>(
            .honoured, group, "memcache_tls_allowed_ciphers", default: nil,
            help: "Cipher list for memcached TLS.")

        public static let memcachePoolDeadRetry = Option<Int>(
            .honoured, group, "memcache_pool_dead_retry", default: 300,
            help: "Seconds a dead memcached stays skipped.")

        public static let memcachePoolMaxsize = Option<Int>(
            .honoured, group, "memcache_pool_maxsize", default: 10,
            help: "Open connections per memcached server.")

        public static let memcachePoolSocketTimeout = Option<Int>(
            .honoured, group, "memcache_pool_socket_timeout", default: 3,
            help: "Memcached socket timeout, seconds.")

        public static let memcachePoolUnusedTimeout = Option<Int>(
            .honoured, group, "memcache_pool_unused_timeout", default: 60,
            help: "Idle seconds before closing a pooled connection.")

        public static let memcachePoolConnGetTimeout = Option<Int>(
            .honoured, group, "memcache_pool_conn_get_timeout", default: 10,
            help: "Seconds to wait for a pooled connection.")

        public static let memcacheUseAdvancedPool = Option<Bool>(
            .noMeaning("connections to memcached are always pooled"), group, "memcache_use_advanced_pool",
            default: true,
            help: "Use the pooled client.")

        public static let includeServiceCatalog = Option<Bool>(
            .honoured, group, "include_service_catalog", default: true,
            help: "Set X-Service-Catalog; needed by glance-download and swift/cinder stores.")

        public static let enforceTokenBind = Option<String>(
            .noMeaning("Keystone no longer binds tokens"), group, "enforce_token_bind", default: "permissive",
            help: "Token binding mode: disabled, permissive, strict, required or method.")

        public static let serviceTokenRoles = Option<[String]>(
            .honoured, group, "service_token_roles", default: ["service"],
            help: "Roles making a service token valid (lets expired user tokens pass).")

        public static let serviceTokenRolesRequired = Option<Bool>(
            .honoured, group, "service_token_roles_required", default: true,
            help: "Reject service tokens lacking those roles; Zed default False.")

        public static let serviceType = Option<String?>(
            .honoured, group, "service_type", default: nil,
            help: "Service type checked against access rules of application credentials.")

        public static let memcacheSaslEnabled = Option<Bool>(
            .honoured, group, "memcache_sasl_enabled", default: false,
            help: "SASL to memcached.")

        public static let memcacheUsername = Option<String?>(
            .honoured, group, "memcache_username", default: nil,
            help: "SASL user.")

        public static let memcachePassword = Option<String?>(
            .honoured, group, "memcache_password", default: nil, secret: true,
            help: "SASL password.")

        public static let authType = Option<String?>(
            .honoured, group, "auth_type", default: nil, oldNames: ["auth_plugin"],
            help: "keystoneauth plugin, normally password.")

        public static let authSection = Option<String?>(
            .honoured, group, "auth_section", default: nil,
            help: "Other section from which auth options are read.")

        public static let authUrl = Option<String?>(
            .honoured, group, "auth_url", default: nil,
            help: "Keystone URL")

        public static let username = Option<String?>(
            .honoured, group, "username", default: nil, oldNames: ["user-name", "user_name"],
            help: "x")

        public static let userId = Option<String?>(
            .honoured, group, "user_id", default: nil,
            help: "x")

        public static let password = Option<String?>(
            .honoured, group, "password", default: nil, secret: true,
            help: "x")

        public static let userDomainName = Option<String?>(
            .honoured, group, "user_domain_name", default: nil,
            help: "x")

        public static let userDomainId = Option<String?>(
            .honoured, group, "user_domain_id", default: nil,
            help: "x")

        public static let projectName = Option<String?>(
            .honoured, group, "project_name", default: nil, oldNames: ["tenant-name", "tenant_name"],
            help: "x")

        public static let projectId = Option<String?>(
            .honoured, group, "project_id", default: nil, oldNames: ["tenant-id", "tenant_id"],
            help: "x")

        public static let projectDomainName = Option<String?>(
            .honoured, group, "project_domain_name", default: nil,
            help: "x")

        public static let projectDomainId = Option<String?>(
            .honoured, group, "project_domain_id", default: nil,
            help: "x")

        public static let domainId = Option<String?>(
            .honoured, group, "domain_id", default: nil,
            help: "x")

        public static let domainName = Option<String?>(
            .honoured, group, "domain_name", default: nil,
            help: "x")

        public static let systemScope = Option<String?>(
            .honoured, group, "system_scope", default: nil,
            help: "x")

        public static let trustId = Option<String?>(
            .honoured, group, "trust_id", default: nil,
            help: "x")

        public static let defaultDomainId = Option<String?>(
            .honoured, group, "default_domain_id", default: nil,
            help: "x")

        public static let defaultDomainName = Option<String?>(
            .honoured, group, "default_domain_name", default: nil,
            help: "x")

        public static let applicationCredentialId = Option<String?>(
            .honoured, group, "application_credential_id", default: nil,
            help: "x")

        public static let applicationCredentialSecret = Option<String?>(
            .honoured, group, "application_credential_secret", default: nil, secret: true,
            help: "x")

        public static let applicationCredentialName = Option<String?>(
            .honoured, group, "application_credential_name", default: nil,
            help: "x")

        static var all: [OptionDeclaration] {
            [
                wwwAuthenticateUri.declaration, authVersion.declaration, interface.declaration,
                delayAuthDecision.declaration, httpConnectTimeout.declaration, httpRequestMaxRetries.declaration,
                cache.declaration, certfile.declaration, keyfile.declaration, cafile.declaration, insecure.declaration,
                regionName.declaration, memcachedServers.declaration, tokenCacheTime.declaration,
                memcacheSecurityStrategy.declaration, memcacheSecretKey.declaration, memcacheTlsEnabled.declaration,
                memcacheTlsCafile.declaration, memcacheTlsCertfile.declaration, memcacheTlsKeyfile.declaration,
                memcacheTlsAllowedCiphers.declaration, memcachePoolDeadRetry.declaration,
                memcachePoolMaxsize.declaration, memcachePoolSocketTimeout.declaration,
                memcachePoolUnusedTimeout.declaration, memcachePoolConnGetTimeout.declaration,
                memcacheUseAdvancedPool.declaration, includeServiceCatalog.declaration, enforceTokenBind.declaration,
                serviceTokenRoles.declaration, serviceTokenRolesRequired.declaration, serviceType.declaration,
                memcacheSaslEnabled.declaration, memcacheUsername.declaration, memcachePassword.declaration,
                authType.declaration, authSection.declaration, authUrl.declaration, username.declaration,
                userId.declaration, password.declaration, userDomainName.declaration, userDomainId.declaration,
                projectName.declaration, projectId.declaration, projectDomainName.declaration,
                projectDomainId.declaration, domainId.declaration, domainName.declaration, systemScope.declaration,
                trustId.declaration, defaultDomainId.declaration, defaultDomainName.declaration,
                applicationCredentialId.declaration, applicationCredentialSecret.declaration,
                applicationCredentialName.declaration,
            ]
        }
    }
}
