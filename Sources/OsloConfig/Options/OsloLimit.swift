extension Options {
    /// The group `[oslo_limit]`.
    public enum OsloLimit {
        static let group = "oslo_limit"

        public static let endpointId = Option<String?>(
            .notYet, group, "endpoint_id", default: nil,
            help: "Image endpoint UUID whose limits apply.")

        public static let endpointServiceName = Option<String?>(
            .notYet, group, "endpoint_service_name", default: nil,
            help: "Find the endpoint by service name.")

        public static let endpointServiceType = Option<String?>(
            .notYet, group, "endpoint_service_type", default: nil,
            help: "Find the endpoint by service type.")

        public static let endpointRegionName = Option<String?>(
            .notYet, group, "endpoint_region_name", default: nil,
            help: "… and region.")

        public static let endpointInterface = Option<String>(
            .notYet, group, "endpoint_interface", default: "public",
            choices: ["public", "publicURL", "internal", "internalURL", "admin", "adminURL"],
            help: "… and interface.")

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
            help: "Collect per-call timing.")

        public static let splitLoggers = Option<Bool>(
            .notYet, group, "split_loggers", default: false,
            help: "Separate keystoneauth loggers.")

        public static let tlsCiphers = Option<String?>(
            .notYet, group, "tls_ciphers", default: nil,
            help: "TLS cipher list.")

        public static let tlsMinVersion = Option<String?>(
            .notYet, group, "tls_min_version", default: nil, choices: ["1.2", "1.3"],
            help: "Lowest TLS version.")

        public static let authUrl = Option<String?>(
            .notYet, group, "auth_url", default: nil,
            help: "Keystone URL.")

        public static let systemScope = Option<String?>(
            .notYet, group, "system_scope", default: nil,
            help: "all = system-scoped token (usual: system reader).")

        public static let domainId = Option<String?>(
            .notYet, group, "domain_id", default: nil,
            help: "Domain scope.")

        public static let domainName = Option<String?>(
            .notYet, group, "domain_name", default: nil,
            help: "Domain scope by name.")

        public static let projectId = Option<String?>(
            .notYet, group, "project_id", default: nil, oldNames: ["tenant-id", "tenant_id"],
            help: "Project scope.")

        public static let projectName = Option<String?>(
            .notYet, group, "project_name", default: nil, oldNames: ["tenant-name", "tenant_name"],
            help: "Project scope by name.")

        public static let projectDomainId = Option<String?>(
            .notYet, group, "project_domain_id", default: nil,
            help: "Project's domain.")

        public static let projectDomainName = Option<String?>(
            .notYet, group, "project_domain_name", default: nil,
            help: "Project's domain name.")

        public static let trustId = Option<String?>(
            .notYet, group, "trust_id", default: nil,
            help: "Trust scope.")

        public static let defaultDomainId = Option<String?>(
            .notYet, group, "default_domain_id", default: nil,
            help: "Domain default for user and project.")

        public static let defaultDomainName = Option<String?>(
            .notYet, group, "default_domain_name", default: nil,
            help: "Same by name.")

        public static let userId = Option<String?>(
            .notYet, group, "user_id", default: nil,
            help: "User id.")

        public static let username = Option<String?>(
            .notYet, group, "username", default: nil, oldNames: ["user-name", "user_name"],
            help: "User name.")

        public static let userDomainId = Option<String?>(
            .notYet, group, "user_domain_id", default: nil,
            help: "User's domain.")

        public static let userDomainName = Option<String?>(
            .notYet, group, "user_domain_name", default: nil,
            help: "User's domain name.")

        public static let password = Option<String?>(
            .notYet, group, "password", default: nil, secret: true,
            help: "Password (secret).")

        public static let tenantId = Option<String?>(
            .notYet, group, "tenant_id", default: nil,
            help: "v2 plugin project.")

        public static let tenantName = Option<String?>(
            .notYet, group, "tenant_name", default: nil,
            help: "v2 plugin project name.")

        public static let serviceType = Option<String?>(
            .notYet, group, "service_type", default: nil,
            help: "Adapter: service type of Keystone.")

        public static let serviceName = Option<String?>(
            .notYet, group, "service_name", default: nil,
            help: "Adapter: service name.")

        public static let validInterfaces = Option<[String]>(
            .notYet, group, "valid_interfaces", default: [],
            help: "Adapter: interface preference list.")

        public static let regionName = Option<String?>(
            .notYet, group, "region_name", default: nil,
            help: "Adapter: region.")

        public static let endpointOverride = Option<String?>(
            .notYet, group, "endpoint_override", default: nil,
            help: "Adapter: fixed Keystone URL.")

        public static let version = Option<String?>(
            .notYet, group, "version", default: nil,
            help: "Adapter: API version.")

        public static let minVersion = Option<String?>(
            .notYet, group, "min_version", default: nil,
            help: "Adapter: lowest version.")

        public static let maxVersion = Option<String?>(
            .notYet, group, "max_version", default: nil,
            help: "Adapter: highest version.")

        public static let connectRetries = Option<Int?>(
            .notYet, group, "connect_retries", default: nil,
            help: "Adapter: connection retries.")

        public static let connectRetryDelay = Option<Double?>(
            .notYet, group, "connect_retry_delay", default: nil,
            help: "Adapter: delay between them.")

        public static let statusCodeRetries = Option<Int?>(
            .notYet, group, "status_code_retries", default: nil,
            help: "Adapter: retries on status codes.")

        public static let statusCodeRetryDelay = Option<Double?>(
            .notYet, group, "status_code_retry_delay", default: nil,
            help: "Adapter: delay.")

        public static let retriableStatusCodes = Option<[Int]>(
            .notYet, group, "retriable_status_codes", default: [],
            help: "Adapter: codes retried, default 503.")

        public static let authType = Option<String?>(
            .notYet, group, "auth_type", default: nil,
            help: "x")

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
                tenantId.declaration, tenantName.declaration, serviceType.declaration, serviceName.declaration,
                validInterfaces.declaration, regionName.declaration, endpointOverride.declaration, version.declaration,
                minVersion.declaration, maxVersion.declaration, connectRetries.declaration,
                connectRetryDelay.declaration, statusCodeRetries.declaration, statusCodeRetryDelay.declaration,
                retriableStatusCodes.declaration, authType.declaration,
            ]
        }
    }
}
