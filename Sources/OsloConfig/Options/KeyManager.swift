extension Options {
    /// The group `[key_manager]`.
    public enum KeyManager {
        static let group = "key_manager"

        public static let backend = Option<String>(
            .honoured, group, "backend", default: "barbican", oldNames: ["key_manager/api_class", "api_class"],
            help: "Which key manager keeps the certificates of image signatures: barbican, vault or a Python class.")

        public static let authType = Option<String?>(
            .notYet, group, "auth_type", default: nil,
            choices: ["token", "password", "keystone_token", "keystone_password"],
            help: "How to authenticate with the key manager.")

        public static let token = Option<String?>(
            .notYet, group, "token", default: nil, secret: true,
            help: "Token to authenticate with.")

        public static let username = Option<String?>(
            .notYet, group, "username", default: nil,
            help: "User by name.")

        public static let password = Option<String?>(
            .notYet, group, "password", default: nil, secret: true,
            help: "Password of the user.")

        public static let authUrl = Option<String?>(
            .notYet, group, "auth_url", default: nil, type: .uri,
            help: "URL of Keystone.")

        public static let userId = Option<String?>(
            .notYet, group, "user_id", default: nil,
            help: "User by id.")

        public static let userDomainId = Option<String?>(
            .notYet, group, "user_domain_id", default: nil,
            help: "Domain of the user by id.")

        public static let userDomainName = Option<String?>(
            .notYet, group, "user_domain_name", default: nil,
            help: "Domain of the user by name.")

        public static let trustId = Option<String?>(
            .notYet, group, "trust_id", default: nil,
            help: "Trust to act by.")

        public static let domainId = Option<String?>(
            .notYet, group, "domain_id", default: nil,
            help: "Domain to act in, instead of a project, by id.")

        public static let domainName = Option<String?>(
            .notYet, group, "domain_name", default: nil,
            help: "Domain to act in, instead of a project, by name.")

        public static let projectId = Option<String?>(
            .notYet, group, "project_id", default: nil,
            help: "Project to act in by id.")

        public static let projectName = Option<String?>(
            .notYet, group, "project_name", default: nil,
            help: "Project to act in by name.")

        public static let projectDomainId = Option<String?>(
            .notYet, group, "project_domain_id", default: nil,
            help: "Domain of the project by id.")

        public static let projectDomainName = Option<String?>(
            .notYet, group, "project_domain_name", default: nil,
            help: "Domain of the project by name.")

        public static let reauthenticate = Option<Bool>(
            .notYet, group, "reauthenticate", default: true,
            help: "Fetches a new token when the old one has expired.")

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
            .honoured, group, "barbican_endpoint", default: nil, type: .uri,
            help: "URL of Barbican; without it the catalog's.")

        public static let barbicanApiVersion = Option<String?>(
            .notYet, group, "barbican_api_version", default: nil,
            help: "Version of Barbican's API.")

        public static let authEndpoint = Option<String>(
            .notYet, group, "auth_endpoint", default: "http://localhost/identity/v3", type: .uri,
            oldNames: ["key_manager/auth_url"],
            help: "URL of Keystone.")

        public static let retryDelay = Option<Int>(
            .notYet, group, "retry_delay", default: 1,
            help: "Seconds between two looks at an order.")

        public static let numberOfRetries = Option<Int>(
            .notYet, group, "number_of_retries", default: 60,
            help: "How often to look at an order.")

        public static let verifySsl = Option<Bool>(
            .honoured, group, "verify_ssl", default: true,
            help: "Verifies Barbican's certificate.")

        public static let verifySslPath = Option<String?>(
            .honoured, group, "verify_ssl_path", default: nil,
            help: "CA certificates to verify it with.")

        public static let barbicanEndpointType = Option<String>(
            .honoured, group, "barbican_endpoint_type", default: "public", choices: ["public", "internal", "admin"],
            help: "Interface of Barbican in the catalog.")

        public static let barbicanRegionName = Option<String?>(
            .honoured, group, "barbican_region_name", default: nil,
            help: "Region of Barbican in the catalog.")

        public static let sendServiceUserToken = Option<Bool>(
            .notYet, group, "send_service_user_token", default: false,
            help: "Sends a service token along with the user's.")

        public static let cafile = Option<String?>(
            .honoured, group, "cafile", default: nil,
            help: "CA certificates to verify the server with.")

        public static let certfile = Option<String?>(
            .honoured, group, "certfile", default: nil,
            help: "Client certificate.")

        public static let keyfile = Option<String?>(
            .honoured, group, "keyfile", default: nil,
            help: "Private key of the client certificate.")

        public static let insecure = Option<Bool>(
            .honoured, group, "insecure", default: false,
            help: "Does not verify the server's certificate.")

        public static let timeout = Option<Double?>(
            .honoured, group, "timeout", default: nil,
            help: "Seconds that a request may take.")

        public static let collectTiming = Option<Bool>(
            .notYet, group, "collect_timing", default: false,
            help: "Measures how long requests take.")

        public static let splitLoggers = Option<Bool>(
            .notYet, group, "split_loggers", default: false,
            help: "Logs requests under several names.")

        public static let tlsCiphers = Option<String?>(
            .honoured, group, "tls_ciphers", default: nil,
            help: "TLS ciphers, as OpenSSL writes them.")

        public static let tlsMinVersion = Option<String?>(
            .honoured, group, "tls_min_version", default: nil, choices: ["1.2", "1.3"],
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
            help: "CA certificates to verify the server with.")

        public static let certfile = Option<String?>(
            .notYet, group, "certfile", default: nil,
            help: "Client certificate.")

        public static let keyfile = Option<String?>(
            .notYet, group, "keyfile", default: nil,
            help: "Private key of the client certificate.")

        public static let insecure = Option<Bool>(
            .notYet, group, "insecure", default: false,
            help: "Does not verify the server's certificate.")

        public static let timeout = Option<Double?>(
            .notYet, group, "timeout", default: nil,
            help: "Seconds that a request may take.")

        public static let collectTiming = Option<Bool>(
            .notYet, group, "collect_timing", default: false,
            help: "Measures how long requests take.")

        public static let splitLoggers = Option<Bool>(
            .notYet, group, "split_loggers", default: false,
            help: "Logs requests under several names.")

        public static let tlsCiphers = Option<String?>(
            .notYet, group, "tls_ciphers", default: nil,
            help: "TLS ciphers, as OpenSSL writes them.")

        public static let tlsMinVersion = Option<String?>(
            .notYet, group, "tls_min_version", default: nil, choices: ["1.2", "1.3"],
            help: "Lowest TLS version.")

        public static let authType = Option<String?>(
            .notYet, group, "auth_type", default: nil, oldNames: ["auth_plugin"],
            help: "How to authenticate with Keystone: password or v3applicationcredential.")

        public static let authSection = Option<String?>(
            .notYet, group, "auth_section", default: nil,
            help: "Another section in which the options of auth_type stand.")

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
            help: "Token of Vault.")

        public static let authMethod = Option<String>(
            .notYet, group, "auth_method", default: "approle", choices: ["approle", "jwt", "kubernetes"],
            help: "How to log in.")

        public static let approleRoleId = Option<String?>(
            .notYet, group, "approle_role_id", default: nil, secret: true,
            help: "AppRole to log in with.")

        public static let approleSecretId = Option<String?>(
            .notYet, group, "approle_secret_id", default: nil, secret: true,
            help: "Its secret.")

        public static let tokenRole = Option<String?>(
            .notYet, group, "token_role", default: nil,
            help: "Role to log in with by a signed token.")

        public static let tokenFile = Option<String?>(
            .notYet, group, "token_file", default: nil,
            help: "File with that token.")

        public static let authPath = Option<String?>(
            .notYet, group, "auth_path", default: nil,
            help: "Path at which that way to log in is mounted.")

        public static let kvMountpoint = Option<String>(
            .notYet, group, "kv_mountpoint", default: "secret",
            help: "Path at which the key-value store is mounted.")

        public static let kvPath = Option<String?>(
            .notYet, group, "kv_path", default: nil,
            help: "Path below that.")

        public static let kvVersion = Option<Int>(
            .notYet, group, "kv_version", default: 2, choices: ["1", "2"],
            help: "Version of the key-value store.")

        public static let vaultUrl = Option<String>(
            .notYet, group, "vault_url", default: "http://127.0.0.1:8200", type: .uri,
            help: "URL of Vault.")

        public static let sslCaCrtFile = Option<String?>(
            .notYet, group, "ssl_ca_crt_file", default: nil,
            help: "CA certificates to verify Vault with.")

        public static let useSsl = Option<Bool>(
            .notYet, group, "use_ssl", default: false, deprecated: "the scheme of vault_url decides",
            help: "Speaks TLS with Vault.")

        public static let namespace = Option<String?>(
            .notYet, group, "namespace", default: nil,
            help: "Namespace in Vault.")

        public static let timeout = Option<Double>(
            .notYet, group, "timeout", default: 60.0,
            help: "Seconds that a request may take.")

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
