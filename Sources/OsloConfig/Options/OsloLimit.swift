extension Options {
    /// The group `[oslo_limit]`.
    public enum OsloLimit {
        static let group = "oslo_limit"

        public static let endpointId = Option<String?>(
            .honoured, group, "endpoint_id", default: nil,
            help: "Id of the image endpoint whose limits apply.")

        public static let endpointServiceName = Option<String?>(
            .honoured, group, "endpoint_service_name", default: nil,
            help: "Finds the endpoint by the name of its service.")

        public static let endpointServiceType = Option<String?>(
            .honoured, group, "endpoint_service_type", default: nil,
            help: "Finds the endpoint by the type of its service.")

        public static let endpointRegionName = Option<String?>(
            .honoured, group, "endpoint_region_name", default: nil,
            help: "Finds the endpoint by its region.")

        public static let endpointInterface = Option<String>(
            .honoured, group, "endpoint_interface", default: "public",
            choices: ["public", "publicURL", "internal", "internalURL", "admin", "adminURL"],
            help: "Finds the endpoint by its interface.")

        public static let cafile = Option<String?>(
            .honoured, group, "cafile", default: nil,
            help: "CA certificates to verify the server with: a file, or a directory of files such as /etc/ssl/certs.")

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
            .noMeaning("requests for limits are few, and each is logged at debug level"), group, "collect_timing",
            default: false,
            help: "Measures how long requests take.")

        public static let splitLoggers = Option<Bool>(
            .noMeaning("there is one logger for limits"), group, "split_loggers", default: false,
            help: "Logs requests under several names.")

        public static let tlsCiphers = Option<String?>(
            .honoured, group, "tls_ciphers", default: nil,
            help: "TLS ciphers, as OpenSSL writes them.")

        public static let tlsMinVersion = Option<String?>(
            .honoured, group, "tls_min_version", default: nil, choices: ["1.2", "1.3"],
            help: "Lowest TLS version.")

        public static let authUrl = Option<String?>(
            .honoured, group, "auth_url", default: nil,
            help: "URL of Keystone.")

        public static let systemScope = Option<String?>(
            .honoured, group, "system_scope", default: nil,
            help: "Acts on the whole system instead of a project: all.")

        public static let domainId = Option<String?>(
            .honoured, group, "domain_id", default: nil,
            help: "Domain to act in, instead of a project, by id.")

        public static let domainName = Option<String?>(
            .honoured, group, "domain_name", default: nil,
            help: "Domain to act in, instead of a project, by name.")

        public static let projectId = Option<String?>(
            .honoured, group, "project_id", default: nil, oldNames: ["tenant-id", "tenant_id"],
            help: "Project to act in by id.")

        public static let projectName = Option<String?>(
            .honoured, group, "project_name", default: nil, oldNames: ["tenant-name", "tenant_name"],
            help: "Project to act in by name.")

        public static let projectDomainId = Option<String?>(
            .honoured, group, "project_domain_id", default: nil,
            help: "Domain of the project by id.")

        public static let projectDomainName = Option<String?>(
            .honoured, group, "project_domain_name", default: nil,
            help: "Domain of the project by name.")

        public static let trustId = Option<String?>(
            .honoured, group, "trust_id", default: nil,
            help: "Trust to act by.")

        public static let defaultDomainId = Option<String?>(
            .honoured, group, "default_domain_id", default: nil,
            help: "Domain of user and project, where neither is given, by id.")

        public static let defaultDomainName = Option<String?>(
            .honoured, group, "default_domain_name", default: nil,
            help: "Domain of user and project, where neither is given, by name.")

        public static let userId = Option<String?>(
            .honoured, group, "user_id", default: nil,
            help: "User by id.")

        public static let username = Option<String?>(
            .honoured, group, "username", default: nil, oldNames: ["user-name", "user_name"],
            help: "User by name.")

        public static let userDomainId = Option<String?>(
            .honoured, group, "user_domain_id", default: nil,
            help: "Domain of the user by id.")

        public static let userDomainName = Option<String?>(
            .honoured, group, "user_domain_name", default: nil,
            help: "Domain of the user by name.")

        public static let password = Option<String?>(
            .honoured, group, "password", default: nil, secret: true,
            help: "Password of the user.")

        public static let serviceType = Option<String?>(
            .honoured, group, "service_type", default: nil,
            help: "Service type of Keystone in the catalog.")

        public static let serviceName = Option<String?>(
            .honoured, group, "service_name", default: nil,
            help: "Service name of Keystone in the catalog.")

        public static let validInterfaces = Option<[String]>(
            .honoured, group, "valid_interfaces", default: [],
            help: "Interfaces of Keystone in order of preference.")

        public static let regionName = Option<String?>(
            .honoured, group, "region_name", default: nil,
            help: "Region of Keystone in the catalog.")

        public static let endpointOverride = Option<String?>(
            .honoured, group, "endpoint_override", default: nil,
            help: "URL of Keystone to use instead of the catalog's.")

        public static let version = Option<String?>(
            .noMeaning("only version 3 of the Identity API exists"), group, "version", default: nil,
            help: "Version of the Identity API.")

        public static let minVersion = Option<String?>(
            .noMeaning("only version 3 of the Identity API exists"), group, "min_version", default: nil,
            help: "Lowest version of the Identity API.")

        public static let maxVersion = Option<String?>(
            .noMeaning("only version 3 of the Identity API exists"), group, "max_version", default: nil,
            help: "Highest version of the Identity API.")

        public static let connectRetries = Option<Int?>(
            .honoured, group, "connect_retries", default: nil,
            help: "How often a connection that failed is tried again.")

        public static let connectRetryDelay = Option<Double?>(
            .honoured, group, "connect_retry_delay", default: nil,
            help: "Seconds before that.")

        public static let statusCodeRetries = Option<Int?>(
            .honoured, group, "status_code_retries", default: nil,
            help: "How often a request is sent again because of the status of its answer.")

        public static let statusCodeRetryDelay = Option<Double?>(
            .honoured, group, "status_code_retry_delay", default: nil,
            help: "Seconds before that.")

        public static let retriableStatusCodes = Option<[Int]>(
            .honoured, group, "retriable_status_codes", default: [],
            help: "Statuses that count for that; 503 without it.")

        public static let authType = Option<String?>(
            .honoured, group, "auth_type", default: nil,
            help: "How to authenticate with Keystone: password or v3applicationcredential.")

        public static let applicationCredentialId = Option<String?>(
            .honoured, group, "application_credential_id", default: nil,
            help: "Application credential by id.")

        public static let applicationCredentialSecret = Option<String?>(
            .honoured, group, "application_credential_secret", default: nil, secret: true,
            help: "Secret of the application credential.")

        public static let applicationCredentialName = Option<String?>(
            .honoured, group, "application_credential_name", default: nil,
            help: "Application credential by name; it needs the user too.")

        public static let refreshInterval = Option<Int>(
            .honoured, group, "refresh_interval", default: 30, minimum: 1, maximum: 86_400,
            help: """
                Seconds after which the limits of all projects are read from Keystone again. They count while Keystone cannot \
                be asked, and with ask_on_claim = false. Not an option of Glance.
                """)

        public static let askOnClaim = Option<Bool>(
            .honoured, group, "ask_on_claim", default: true,
            help: """
                Asks Keystone for a project's limits whenever the project wants more, so that a change in Keystone counts for \
                the very next request. With false, a change counts after refresh_interval seconds at the latest, and no request \
                of a client asks Keystone for limits. Not an option of Glance.
                """)

        public static let askTimeout = Option<Double>(
            .honoured, group, "ask_timeout", default: 1,
            help: """
                Seconds that Keystone may take for that. If it takes longer, the limits that were read last count, and no \
                request waits for Keystone until it answers again. Not an option of Glance.
                """)

        public static let exactSize = Option<Bool>(
            .honoured, group, "exact_size", default: false,
            help: """
                Ends an upload whose size the client has not announced where image_size_total is reached. With false it may \
                come to its end if the project was within its limit before, and the project gets no more data until it is \
                again; that is what oslo.limit does. Announced sizes are always exact. Not an option of Glance.
                """)

        static var all: [OptionDeclaration] {
            [
                endpointId.declaration, endpointServiceName.declaration, endpointServiceType.declaration,
                endpointRegionName.declaration, endpointInterface.declaration, cafile.declaration, certfile.declaration,
                keyfile.declaration, insecure.declaration, timeout.declaration, collectTiming.declaration,
                splitLoggers.declaration, tlsCiphers.declaration, tlsMinVersion.declaration, authUrl.declaration,
                systemScope.declaration, domainId.declaration, domainName.declaration, projectId.declaration,
                projectName.declaration, projectDomainId.declaration, projectDomainName.declaration,
                trustId.declaration, defaultDomainId.declaration, defaultDomainName.declaration, userId.declaration,
                username.declaration, userDomainId.declaration, userDomainName.declaration, password.declaration,
                serviceType.declaration, serviceName.declaration,
                validInterfaces.declaration, regionName.declaration, endpointOverride.declaration, version.declaration,
                minVersion.declaration, maxVersion.declaration, connectRetries.declaration,
                connectRetryDelay.declaration, statusCodeRetries.declaration, statusCodeRetryDelay.declaration,
                retriableStatusCodes.declaration, authType.declaration,
                applicationCredentialId.declaration, applicationCredentialSecret.declaration,
                applicationCredentialName.declaration, refreshInterval.declaration, askOnClaim.declaration,
                askTimeout.declaration, exactSize.declaration,
            ]
        }
    }
}
