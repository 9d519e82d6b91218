extension Options {
    /// The group `[oslo_middleware]`.
    public enum OsloMiddleware {
        static let group = "oslo_middleware"

        public static let maxRequestBodySize = Option<Int>(
            .noMeaning("no pipeline of Glance contains the sizelimit filter"), group, "max_request_body_size",
            default: 114_688,
            help: "Largest body in bytes that the sizelimit filter lets pass.")

        public static let enableProxyHeadersParsing = Option<Bool>(
            .honoured, group, "enable_proxy_headers_parsing", default: false,
            help: "Believes Forwarded and X-Forwarded-* headers. Turn it on only behind a proxy that sets them.")

        public static let httpBasicAuthUserFile = Option<String>(
            .noMeaning("no pipeline of Glance contains the http_basic_auth filter"), group,
            "http_basic_auth_user_file", default: "/etc/htpasswd",
            help: "File with users and password hashes for the http_basic_auth filter.")

        static var all: [OptionDeclaration] {
            [
                maxRequestBodySize.declaration, enableProxyHeadersParsing.declaration,
                httpBasicAuthUserFile.declaration,
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
            help: """
                Origins whose pages may call the API from a browser; * is any. Without it no CORS headers are \
                sent. More origins with other rules can have sections [cors.NAME] of their own.
                """)

        public static let allowCredentials = Option<Bool>(
            .honoured, group, "allow_credentials", default: true,
            help: "Lets browsers send credentials.")

        public static let exposeHeaders = Option<[String]>(
            .honoured, group, "expose_headers",
            default: [
                "X-Image-Meta-Checksum", "X-Auth-Token", "X-Subject-Token", "X-Service-Token",
                "X-OpenStack-Request-ID",
            ],
            help: "Headers of answers that pages may read.")

        public static let maxAge = Option<Int>(
            .honoured, group, "max_age", default: 3600,
            help: "Seconds for which browsers may remember the answer to a preflight request.")

        public static let allowMethods = Option<[String]>(
            .honoured, group, "allow_methods", default: ["GET", "PUT", "POST", "DELETE", "PATCH"],
            help: "Methods that pages may use.")

        public static let allowHeaders = Option<[String]>(
            .honoured, group, "allow_headers",
            default: [
                "Content-MD5", "X-Image-Meta-Checksum", "X-Storage-Token", "Accept-Encoding", "X-Auth-Token",
                "X-Identity-Status", "X-Roles", "X-Service-Catalog", "X-User-Id", "X-Tenant-Id",
                "X-OpenStack-Request-ID",
            ],
            help: "Headers that pages may send.")

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
            help: "Tells more about the process in the answer. Not for public endpoints.")

        public static let backends = Option<[String]>(
            .honoured, group, "backends", default: [],
            help: """
                Checks that decide about the answer: disable_by_file, disable_by_files_ports, enable_by_files. \
                The paste file can name them too.
                """)

        public static let allowedSourceRanges = Option<[String]>(
            .honoured, group, "allowed_source_ranges", default: [],
            help: "Networks (CIDR) that may ask; without it anybody.")

        public static let ignoreProxiedRequests = Option<Bool>(
            .honoured, group, "ignore_proxied_requests", default: false,
            help: "Does not answer requests that came through a proxy.")

        public static let disableByFilePath = Option<String?>(
            .honoured, group, "disable_by_file_path", default: nil,
            help: "While this file exists the answer is 503, to take the host out of a load balancer.")

        public static let disableByFilePaths = Option<[String]>(
            .honoured, group, "disable_by_file_paths", default: [],
            help: "The same for single ports, as port:path.")

        public static let enableByFilePaths = Option<[String]>(
            .honoured, group, "enable_by_file_paths", default: [],
            help: "Files that must all exist, or the answer is 503.")

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
            help: "Sends OpenTelemetry traces of requests.")

        public static let otlpEndpoint = Option<String>(
            .notYet, group, "otlp_endpoint", default: "http://localhost:4318", type: .uri,
            help: "URL of the collector.")

        public static let otlpProtocol = Option<String>(
            .notYet, group, "otlp_protocol", default: "http/protobuf", choices: ["http/protobuf", "grpc"],
            help: "Protocol of the collector.")

        public static let serviceName = Option<String?>(
            .notYet, group, "service_name", default: nil,
            help: "Name of the service in traces.")

        public static let samplingRate = Option<Double>(
            .notYet, group, "sampling_rate", default: 1.0,
            help: "Fraction of the requests that are traced, from 0 to 1.")

        public static let insecure = Option<Bool>(
            .notYet, group, "insecure", default: false,
            help: "Does not verify the collector's certificate.")

        static var all: [OptionDeclaration] {
            [
                enabled.declaration, otlpEndpoint.declaration, otlpProtocol.declaration, serviceName.declaration,
                samplingRate.declaration, insecure.declaration,
            ]
        }
    }
}
