extension Options {
    /// The group `[keystone_authtoken]`.
    public enum KeystoneAuthtoken {
        static let group = "keystone_authtoken"

        public static let wwwAuthenticateUri = Option<String?>(
            .honoured, group, "www_authenticate_uri", default: nil,
            help: "Public URL of Keystone, told to clients whose token is missing or bad (WWW-Authenticate).")

        public static let authVersion = Option<String?>(
            .noMeaning("only version 3 of the Identity API exists"), group, "auth_version", default: nil,
            help: "Version of the Identity API.")

        public static let interface = Option<String>(
            .honoured, group, "interface", default: "internal",
            help: "Interface of Keystone in the catalog: public, internal or admin.")

        public static let delayAuthDecision = Option<Bool>(
            .honoured, group, "delay_auth_decision", default: false,
            help: """
                Lets requests without a valid token pass on, marked as such. The paste file usually turns it \
                on, because the versions are public.
                """)

        public static let httpConnectTimeout = Option<Int?>(
            .honoured, group, "http_connect_timeout", default: nil,
            help: "Seconds that a request to Keystone may take.")

        public static let httpRequestMaxRetries = Option<Int>(
            .honoured, group, "http_request_max_retries", default: 3,
            help: "How often a request that did not reach Keystone is sent again.")

        public static let cache = Option<String?>(
            .noMeaning("there is no WSGI environment to find a cache in"), group, "cache", default: nil,
            help: "Key of a cache object in the WSGI environment.")

        public static let certfile = Option<String?>(
            .honoured, group, "certfile", default: nil,
            help: "Client certificate for Keystone.")

        public static let keyfile = Option<String?>(
            .honoured, group, "keyfile", default: nil,
            help: "Private key of that certificate.")

        public static let cafile = Option<String?>(
            .honoured, group, "cafile", default: nil,
            help: """
                CA certificates to verify Keystone with: a file, or a directory of files such as /etc/ssl/certs. Without \
                it those of the system.
                """)

        public static let insecure = Option<Bool>(
            .honoured, group, "insecure", default: false,
            help: "Does not verify Keystone's certificate.")

        public static let regionName = Option<String?>(
            .honoured, group, "region_name", default: nil,
            help: "Region of Keystone in the catalog.")

        public static let memcachedServers = Option<[String]>(
            .honoured, group, "memcached_servers", default: [], oldNames: ["memcache_servers"],
            help: "Servers of the token cache as host:port. Without them every worker process caches for itself.")

        public static let tokenCacheTime = Option<Int>(
            .honoured, group, "token_cache_time", default: 300,
            help: """
                Seconds for which a valid token is not asked for again; -1 asks every time. A revoked token \
                works this long.
                """)

        public static let memcacheSecurityStrategy = Option<String>(
            .honoured, group, "memcache_security_strategy", default: "None", choices: ["None", "MAC", "ENCRYPT"],
            help: """
                Protects cached tokens against other users of memcached: MAC signs them, ENCRYPT encrypts them \
                too.
                """)

        public static let memcacheSecretKey = Option<String?>(
            .honoured, group, "memcache_secret_key", default: nil, secret: true,
            help: "Secret for that protection; the same on all API hosts.")

        public static let memcacheTlsEnabled = Option<Bool>(
            .notYet, group, "memcache_tls_enabled", default: false,
            help: "Speaks TLS with memcached.")

        public static let memcacheTlsCafile = Option<String?>(
            .notYet, group, "memcache_tls_cafile", default: nil,
            help: "CA certificates to verify memcached with.")

        public static let memcacheTlsCertfile = Option<String?>(
            .notYet, group, "memcache_tls_certfile", default: nil,
            help: "Client certificate for memcached.")

        public static let memcacheTlsKeyfile = Option<String?>(
            .notYet, group, "memcache_tls_keyfile", default: nil,
            help: "Private key of that certificate.")

        public static let memcacheTlsAllowedCiphers = Option<String?>(
            .notYet, group, "memcache_tls_allowed_ciphers", default: nil,
            help: "Ciphers for memcached, as OpenSSL writes them.")

        public static let memcachePoolDeadRetry = Option<Int>(
            .honoured, group, "memcache_pool_dead_retry", default: 300,
            help: "Seconds after which a memcached server that failed is tried again.")

        public static let memcachePoolMaxsize = Option<Int>(
            .honoured, group, "memcache_pool_maxsize", default: 10,
            help: "Connections to each memcached server.")

        public static let memcachePoolSocketTimeout = Option<Int>(
            .honoured, group, "memcache_pool_socket_timeout", default: 3,
            help: "Seconds that a memcached server may take to answer.")

        public static let memcachePoolUnusedTimeout = Option<Int>(
            .honoured, group, "memcache_pool_unused_timeout", default: 60,
            help: "Seconds after which an idle connection to memcached is closed.")

        public static let memcachePoolConnGetTimeout = Option<Int>(
            .honoured, group, "memcache_pool_conn_get_timeout", default: 10,
            help: "Seconds that a request waits for a connection to memcached.")

        public static let memcacheUseAdvancedPool = Option<Bool>(
            .noMeaning("connections to memcached are always pooled"), group, "memcache_use_advanced_pool",
            default: true,
            help: "Uses the pool of connections to memcached.")

        public static let includeServiceCatalog = Option<Bool>(
            .honoured, group, "include_service_catalog", default: true,
            help: "Asks Keystone for the catalog with every token. Stores that act as the user need it.")

        public static let enforceTokenBind = Option<String>(
            .noMeaning("Keystone no longer binds tokens"), group, "enforce_token_bind", default: "permissive",
            help: "How strictly tokens that are bound to a client are checked.")

        public static let serviceTokenRoles = Option<[String]>(
            .honoured, group, "service_token_roles", default: ["service"],
            help: """
                Roles of which a service token needs one. With such a token a request may use an expired user \
                token.
                """)

        public static let serviceTokenRolesRequired = Option<Bool>(
            .honoured, group, "service_token_roles_required", default: true,
            help: "Refuses service tokens without such a role.")

        public static let serviceType = Option<String?>(
            .honoured, group, "service_type", default: nil,
            help: "Service type that access rules of application credentials are checked against.")

        public static let memcacheSaslEnabled = Option<Bool>(
            .honoured, group, "memcache_sasl_enabled", default: false,
            help: "Authenticates with memcached by SASL.")

        public static let memcacheUsername = Option<String?>(
            .honoured, group, "memcache_username", default: nil,
            help: "User for SASL.")

        public static let memcachePassword = Option<String?>(
            .honoured, group, "memcache_password", default: nil, secret: true,
            help: "Password for SASL.")

        public static let authType = Option<String?>(
            .honoured, group, "auth_type", default: nil, oldNames: ["auth_plugin"],
            help: "How the service authenticates itself: password or v3applicationcredential.")

        public static let authSection = Option<String?>(
            .honoured, group, "auth_section", default: nil,
            help: "Another section in which the options of auth_type stand.")

        public static let authUrl = Option<String?>(
            .honoured, group, "auth_url", default: nil,
            help: "URL of Keystone.")

        public static let username = Option<String?>(
            .honoured, group, "username", default: nil, oldNames: ["user-name", "user_name"],
            help: "User by name.")

        public static let userId = Option<String?>(
            .honoured, group, "user_id", default: nil,
            help: "User by id.")

        public static let password = Option<String?>(
            .honoured, group, "password", default: nil, secret: true,
            help: "Password of the user.")

        public static let userDomainName = Option<String?>(
            .honoured, group, "user_domain_name", default: nil,
            help: "Domain of the user by name.")

        public static let userDomainId = Option<String?>(
            .honoured, group, "user_domain_id", default: nil,
            help: "Domain of the user by id.")

        public static let projectName = Option<String?>(
            .honoured, group, "project_name", default: nil, oldNames: ["tenant-name", "tenant_name"],
            help: "Project to act in by name.")

        public static let projectId = Option<String?>(
            .honoured, group, "project_id", default: nil, oldNames: ["tenant-id", "tenant_id"],
            help: "Project to act in by id.")

        public static let projectDomainName = Option<String?>(
            .honoured, group, "project_domain_name", default: nil,
            help: "Domain of the project by name.")

        public static let projectDomainId = Option<String?>(
            .honoured, group, "project_domain_id", default: nil,
            help: "Domain of the project by id.")

        public static let domainId = Option<String?>(
            .honoured, group, "domain_id", default: nil,
            help: "Domain to act in, instead of a project, by id.")

        public static let domainName = Option<String?>(
            .honoured, group, "domain_name", default: nil,
            help: "Domain to act in, instead of a project, by name.")

        public static let systemScope = Option<String?>(
            .honoured, group, "system_scope", default: nil,
            help: "Acts on the whole system instead of a project: all.")

        public static let trustId = Option<String?>(
            .honoured, group, "trust_id", default: nil,
            help: "Trust to act by.")

        public static let defaultDomainId = Option<String?>(
            .honoured, group, "default_domain_id", default: nil,
            help: "Domain of user and project, where neither is given, by id.")

        public static let defaultDomainName = Option<String?>(
            .honoured, group, "default_domain_name", default: nil,
            help: "Domain of user and project, where neither is given, by name.")

        public static let applicationCredentialId = Option<String?>(
            .honoured, group, "application_credential_id", default: nil,
            help: "Application credential by id.")

        public static let applicationCredentialSecret = Option<String?>(
            .honoured, group, "application_credential_secret", default: nil, secret: true,
            help: "Secret of the application credential.")

        public static let applicationCredentialName = Option<String?>(
            .honoured, group, "application_credential_name", default: nil,
            help: "Application credential by name; it needs the user too.")

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
