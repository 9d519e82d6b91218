extension Options {
    /// The group `[oslo_middleware]`.
    public enum OsloMiddleware {
        static let group = "oslo_middleware"

        public static let maxRequestBodySize = Option<Int>(
            .honoured, group, "max_request_body_size", default: 114_688, minimum: 0,
            help: "Bytes of the largest request that the sizelimit filter lets through; no shipped pipeline has it.")

        public static let enableProxyHeadersParsing = Option<Bool>(
            .honoured, group, "enable_proxy_headers_parsing", default: false,
            help: "Honour Forwarded / X-Forwarded-* headers.")

        public static let trustedProxies = Option<[String]>(
            .honoured, group, "trusted_proxies",
            default: [
                "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
                "fc00::/7", "fe80::/10",
            ],
            help: """
                Networks of the proxies whose Forwarded or X-Forwarded-For says which client a request comes from, for \
                the access log; only with enable_proxy_headers_parsing. Not in Glance.
                """)

        public static let httpBasicAuthUserFile = Option<String>(
            .noMeaning("no pipeline of Glance contains the http_basic_auth filter"), group,
            "http_basic_auth_user_file", default: "/etc/htpasswd",
            help: "htpasswd file for the http_basic_auth filter.")

        static var all: [OptionDeclaration] {
            [
                maxRequestBodySize.declaration, enableProxyHeadersParsing.declaration,
                trustedProxies.declaration, httpBasicAuthUserFile.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[cors]`.
    public enum Cors {
        static let group = "cors"

        public static let allowedOrigin = Option<[String]>(
            .honoured, group, "allowed_origin", default: [],
            help: "Origins allowed; * for any; unset disables CORS headers.")

        public static let allowCredentials = Option<Bool>(
            .honoured, group, "allow_credentials", default: true,
            help: "Send Access-Control-Allow-Credentials.")

        public static let exposeHeaders = Option<[String]>(
            .honoured, group, "expose_headers",
            default: [
                "X-Image-Meta-Checksum", "X-Auth-Token", "X-Subject-Token", "X-Service-Token",
                "X-OpenStack-Request-ID",
            ],
            help: """
                Exposed headers; Glance default X-Image-Meta-Checksum, X-Auth-Token, X-Subject-Token, \
                X-Service-Token, X-OpenStack-Request-ID.
                """)

        public static let maxAge = Option<Int>(
            .honoured, group, "max_age", default: 3600,
            help: "Preflight cache seconds.")

        public static let allowMethods = Option<[String]>(
            .honoured, group, "allow_methods", default: ["GET", "PUT", "POST", "DELETE", "PATCH"],
            help: "Methods; Glance default GET,PUT,POST,DELETE,PATCH.")

        public static let allowHeaders = Option<[String]>(
            .honoured, group, "allow_headers",
            default: [
                "Content-MD5", "X-Image-Meta-Checksum", "X-Storage-Token", "Accept-Encoding", "X-Auth-Token",
                "X-Identity-Status", "X-Roles", "X-Service-Catalog", "X-User-Id", "X-Tenant-Id",
                "X-OpenStack-Request-ID",
            ],
            help: "Request headers; Glance default list below.")

        static var all: [OptionDeclaration] {
            [
                allowedOrigin.declaration, allowCredentials.declaration, exposeHeaders.declaration, maxAge.declaration,
                allowMethods.declaration, allowHeaders.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[healthcheck]`.
    public enum Healthcheck {
        static let group = "healthcheck"

        public static let detailed = Option<Bool>(
            .honoured, group, "detailed", default: false,
            help: "Verbose health page (do not expose publicly).")

        public static let backends = Option<[String]>(
            .honoured, group, "backends", default: [],
            help: "Check plugins: disable_by_file, disable_by_files_ports, enable_by_files.")

        public static let allowedSourceRanges = Option<[String]>(
            .honoured, group, "allowed_source_ranges", default: [],
            help: "CIDRs allowed to query.")

        public static let ignoreProxiedRequests = Option<Bool>(
            .honoured, group, "ignore_proxied_requests", default: false,
            help: "Refuse requests carrying forwarding headers.")

        public static let disableByFilePath = Option<String?>(
            .honoured, group, "disable_by_file_path", default: nil,
            help: "If this file exists answer 503 DISABLED BY FILE.")

        public static let disableByFilePaths = Option<[String]>(
            .honoured, group, "disable_by_file_paths", default: [],
            help: "port:path list of the same.")

        public static let enableByFilePaths = Option<[String]>(
            .honoured, group, "enable_by_file_paths", default: [],
            help: "Files that must all exist.")

        static var all: [OptionDeclaration] {
            [
                detailed.declaration, backends.declaration, allowedSourceRanges.declaration,
                ignoreProxiedRequests.declaration, disableByFilePath.declaration, disableByFilePaths.declaration,
                enableByFilePaths.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[oslo_middleware_tracing]`.
    public enum OsloMiddlewareTracing {
        static let group = "oslo_middleware_tracing"

        public static let enabled = Option<Bool>(
            .notYet, group, "enabled", default: false,
            help: "OpenTelemetry tracing filter switch.")

        public static let otlpEndpoint = Option<String>(
            .notYet, group, "otlp_endpoint", default: "http://localhost:4318", type: .uri,
            help: "OTLP collector URL.")

        public static let otlpProtocol = Option<String>(
            .notYet, group, "otlp_protocol", default: "http/protobuf", choices: ["http/protobuf", "grpc"],
            help: "OTLP transport.")

        public static let serviceName = Option<String?>(
            .notYet, group, "service_name", default: nil,
            help: "Service name in spans.")

        public static let samplingRate = Option<Double>(
            .notYet, group, "sampling_rate", default: 1.0,
            help: "Fraction of traces kept.")

        public static let insecure = Option<Bool>(
            .notYet, group, "insecure", default: false,
            help: "Skip TLS verification.")

        static var all: [OptionDeclaration] {
            [
                enabled.declaration, otlpEndpoint.declaration, otlpProtocol.declaration, serviceName.declaration,
                samplingRate.declaration, insecure.declaration,
            ]
        }
    }
}
