extension Options {
    /// The group `[key_manager]`.
    public enum KeyManager {
        static let group = "key_manager"

        public static let backend = Option<String>(
            .notYet, group, "backend", default: "barbican", oldNames: ["key_manager/api_class", "api_class"],
            help: "barbican, vault or class path.")

        public static let authType = Option<String?>(
            .notYet, group, "auth_type", default: nil,
            choices: ["token", "password", "keystone_token", "keystone_password"],
            help: "Credential kind.")

        public static let token = Option<String?>(
            .notYet, group, "token", default: nil, secret: true,
            help: "Token.")

        public static let username = Option<String?>(
            .notYet, group, "username", default: nil,
            help: "User.")

        public static let password = Option<String?>(
            .notYet, group, "password", default: nil, secret: true,
            help: "Password.")

        public static let authUrl = Option<String?>(
            .notYet, group, "auth_url", default: nil, type: .uri,
            help: "Keystone URL.")

        public static let userId = Option<String?>(
            .notYet, group, "user_id", default: nil,
            help: "User id.")

        public static let userDomainId = Option<String?>(
            .notYet, group, "user_domain_id", default: nil,
            help: "User domain.")

        public static let userDomainName = Option<String?>(
            .notYet, group, "user_domain_name", default: nil,
            help: "User domain name.")

        public static let trustId = Option<String?>(
            .notYet, group, "trust_id", default: nil,
            help: "Trust.")

        public static let domainId = Option<String?>(
            .notYet, group, "domain_id", default: nil,
            help: "Domain scope.")

        public static let domainName = Option<String?>(
            .notYet, group, "domain_name", default: nil,
            help: "Domain scope name.")

        public static let projectId = Option<String?>(
            .notYet, group, "project_id", default: nil,
            help: "Project.")

        public static let projectName = Option<String?>(
            .notYet, group, "project_name", default: nil,
            help: "Project name.")

        public static let projectDomainId = Option<String?>(
            .notYet, group, "project_domain_id", default: nil,
            help: "Project domain.")

        public static let projectDomainName = Option<String?>(
            .notYet, group, "project_domain_name", default: nil,
            help: "Project domain name.")

        public static let reauthenticate = Option<Bool>(
            .notYet, group, "reauthenticate", default: true,
            help: "Fetch a new token on expiry.")

        static var all: [OptionDeclaration] {
            [
                backend.declaration, authType.declaration, token.declaration, username.declaration,
                password.declaration, authUrl.declaration, userId.declaration, userDomainId.declaration,
                userDomainName.declaration, trustId.declaration, domainId.declaration, domainName.declaration,
                projectId.declaration, projectName.declaration, projectDomainId.declaration,
                projectDomainName.declaration, reauthenticate.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[barbican]`.
    public enum Barbican {
        static let group = "barbican"

        public static let barbicanEndpoint = Option<String?>(
            .notYet, group, "barbican_endpoint", default: nil, type: .uri,
            help: "Barbican URL; unset = catalog.")

        public static let barbicanApiVersion = Option<String?>(
            .notYet, group, "barbican_api_version", default: nil,
            help: "API version.")

        public static let authEndpoint = Option<String>(
            .notYet, group, "auth_endpoint", default: "http://localhost/identity/v3", type: .uri,
            oldNames: ["key_manager/auth_url"],
            help: "Keystone URL.")

        public static let retryDelay = Option<Int>(
            .notYet, group, "retry_delay", default: 1,
            help: "Pause between polls.")

        public static let numberOfRetries = Option<Int>(
            .notYet, group, "number_of_retries", default: 60,
            help: "Polls.")

        public static let verifySsl = Option<Bool>(
            .notYet, group, "verify_ssl", default: true,
            help: "Verify TLS.")

        public static let verifySslPath = Option<String?>(
            .notYet, group, "verify_ssl_path", default: nil,
            help: "CA path.")

        public static let barbicanEndpointType = Option<String>(
            .notYet, group, "barbican_endpoint_type", default: "public", choices: ["public", "internal", "admin"],
            help: "Interface.")

        public static let barbicanRegionName = Option<String?>(
            .notYet, group, "barbican_region_name", default: nil,
            help: "Region.")

        public static let sendServiceUserToken = Option<Bool>(
            .notYet, group, "send_service_user_token", default: false,
            help: "Add a service token.")

        public static let cafile = Option<String?>(
            .notYet, group, "cafile", default: nil,
            help: "CA bundle.")

        public static let certfile = Option<String?>(
            .notYet, group, "certfile", default: nil,
            help: "Client certificate.")

        public static let keyfile = Option<String?>(
            .notYet, group, "keyfile", default: nil,
            help: "Client key.")

        public static let insecure = Option<Bool>(
            .notYet, group, "insecure", default: false,
            help: "Skip TLS verification.")

        public static let timeout = Option<Double?>(
            .notYet, group, "timeout", default: nil,
            help: "HTTP timeout.")

        public static let collectTiming = Option<Bool>(
            .notYet, group, "collect_timing", default: false,
            help: "Collect timing.")

        public static let splitLoggers = Option<Bool>(
            .notYet, group, "split_loggers", default: false,
            help: "Separate loggers.")

        public static let tlsCiphers = Option<String?>(
            .notYet, group, "tls_ciphers", default: nil,
            help: "TLS ciphers.")

        public static let tlsMinVersion = Option<String?>(
            .notYet, group, "tls_min_version", default: nil, choices: ["1.2", "1.3"],
            help: "Lowest TLS version.")

        static var all: [OptionDeclaration] {
            [
                barbicanEndpoint.declaration, barbicanApiVersion.declaration, authEndpoint.declaration,
                retryDelay.declaration, numberOfRetries.declaration, verifySsl.declaration, verifySslPath.declaration,
                barbicanEndpointType.declaration, barbicanRegionName.declaration, sendServiceUserToken.declaration,
                cafile.declaration, certfile.declaration, keyfile.declaration, insecure.declaration,
                timeout.declaration, collectTiming.declaration, splitLoggers.declaration, tlsCiphers.declaration,
                tlsMinVersion.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[barbican_service_user]`.
    public enum BarbicanServiceUser {
        static let group = "barbican_service_user"

        public static let cafile = Option<String?>(
            .notYet, group, "cafile", default: nil,
            help: "CA bundle.")

        public static let certfile = Option<String?>(
            .notYet, group, "certfile", default: nil,
            help: "Client certificate.")

        public static let keyfile = Option<String?>(
            .notYet, group, "keyfile", default: nil,
            help: "Client key.")

        public static let insecure = Option<Bool>(
            .notYet, group, "insecure", default: false,
            help: "Skip TLS verification.")

        public static let timeout = Option<Double?>(
            .notYet, group, "timeout", default: nil,
            help: "HTTP timeout.")

        public static let collectTiming = Option<Bool>(
            .notYet, group, "collect_timing", default: false,
            help: "Collect timing.")

        public static let splitLoggers = Option<Bool>(
            .notYet, group, "split_loggers", default: false,
            help: "Separate loggers.")

        public static let tlsCiphers = Option<String?>(
            .notYet, group, "tls_ciphers", default: nil,
            help: "TLS ciphers.")

        public static let tlsMinVersion = Option<String?>(
            .notYet, group, "tls_min_version", default: nil, choices: ["1.2", "1.3"],
            help: "Lowest TLS version.")

        public static let authType = Option<String?>(
            .notYet, group, "auth_type", default: nil, oldNames: ["auth_plugin"],
            help: "keystoneauth plugin.")

        public static let authSection = Option<String?>(
            .notYet, group, "auth_section", default: nil,
            help: "Other section for auth options.")

        static var all: [OptionDeclaration] {
            [
                cafile.declaration, certfile.declaration, keyfile.declaration, insecure.declaration,
                timeout.declaration, collectTiming.declaration, splitLoggers.declaration, tlsCiphers.declaration,
                tlsMinVersion.declaration, authType.declaration, authSection.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[vault]`.
    public enum Vault {
        static let group = "vault"

        public static let rootTokenId = Option<String?>(
            .notYet, group, "root_token_id", default: nil, secret: true,
            help: "Vault token.")

        public static let authMethod = Option<String>(
            .notYet, group, "auth_method", default: "approle", choices: ["approle", "jwt", "kubernetes"],
            help: "Login method.")

        public static let approleRoleId = Option<String?>(
            .notYet, group, "approle_role_id", default: nil, secret: true,
            help: "AppRole id.")

        public static let approleSecretId = Option<String?>(
            .notYet, group, "approle_secret_id", default: nil, secret: true,
            help: "AppRole secret.")

        public static let tokenRole = Option<String?>(
            .notYet, group, "token_role", default: nil,
            help: "Role for jwt/kubernetes login.")

        public static let tokenFile = Option<String?>(
            .notYet, group, "token_file", default: nil,
            help: "JWT file.")

        public static let authPath = Option<String?>(
            .notYet, group, "auth_path", default: nil,
            help: "Auth mount path.")

        public static let kvMountpoint = Option<String>(
            .notYet, group, "kv_mountpoint", default: "secret",
            help: "KV mount.")

        public static let kvPath = Option<String?>(
            .notYet, group, "kv_path", default: nil,
            help: "KV sub path.")

        public static let kvVersion = Option<Int>(
            .notYet, group, "kv_version", default: 2, choices: ["1", "2"],
            help: "KV version.")

        public static let vaultUrl = Option<String>(
            .notYet, group, "vault_url", default: "http://127.0.0.1:8200", type: .uri,
            help: "Vault URL.")

        public static let sslCaCrtFile = Option<String?>(
            .notYet, group, "ssl_ca_crt_file", default: nil,
            help: "CA.")

        public static let useSsl = Option<Bool>(
            .notYet, group, "use_ssl", default: false, deprecated: "newer releases will drop it",
            help: "TLS switch (deprecated).")

        public static let namespace = Option<String?>(
            .notYet, group, "namespace", default: nil,
            help: "Vault namespace.")

        public static let timeout = Option<Double>(
            .notYet, group, "timeout", default: 60.0,
            help: "Timeout.")

        static var all: [OptionDeclaration] {
            [
                rootTokenId.declaration, authMethod.declaration, approleRoleId.declaration, approleSecretId.declaration,
                tokenRole.declaration, tokenFile.declaration, authPath.declaration, kvMountpoint.declaration,
                kvPath.declaration, kvVersion.declaration, vaultUrl.declaration, sslCaCrtFile.declaration,
                useSsl.declaration, namespace.declaration, timeout.declaration,
            ]
        }
    }
}
