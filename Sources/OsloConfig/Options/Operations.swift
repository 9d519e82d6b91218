extension Options {
    /// The group `[oslo_concurrency]`.
    public enum OsloConcurrency {
        static let group = "oslo_concurrency"

        public static let disableProcessLocking = Option<Bool>(
            .notYet, group, "disable_process_locking", default: false,
            help: "Disable inter-process file locks.")

        public static let lockPath = Option<String?>(
            .notYet, group, "lock_path", default: nil,
            help: "Lock directory; needed for cache prefetch and location hashing.")

        static var all: [OptionDeclaration] {
            [
                disableProcessLocking.declaration, lockPath.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[oslo_reports]`.
    public enum OsloReports {
        static let group = "oslo_reports"

        public static let logDir = Option<String?>(
            .notYet, group, "log_dir", default: nil,
            help: "Where Guru Meditation Reports are written; default stderr.")

        public static let fileEventHandler = Option<String?>(
            .notYet, group, "file_event_handler", default: nil,
            help: "File whose change triggers a report.")

        public static let fileEventHandlerInterval = Option<Int>(
            .notYet, group, "file_event_handler_interval", default: 1,
            help: "Polling interval of that file.")

        static var all: [OptionDeclaration] {
            [
                logDir.declaration, fileEventHandler.declaration, fileEventHandlerInterval.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[profiler]`.
    public enum Profiler {
        static let group = "profiler"

        public static let enabled = Option<Bool>(
            .notYet, group, "enabled", default: false, oldNames: ["profiler_enabled"],
            help: "Master switch of osprofiler.")

        public static let traceSqlalchemy = Option<Bool>(
            .notYet, group, "trace_sqlalchemy", default: false,
            help: "Trace SQL statements.")

        public static let traceRequests = Option<Bool>(
            .notYet, group, "trace_requests", default: false,
            help: "Trace outgoing requests-library calls.")

        public static let hmacKeys = Option<String>(
            .notYet, group, "hmac_keys", default: "SECRET_KEY", secret: true,
            help: "Shared keys signing trace headers.")

        public static let connectionString = Option<String>(
            .notYet, group, "connection_string", default: "messaging://", secret: true,
            help: "Trace back end URL.")

        public static let esDocType = Option<String>(
            .notYet, group, "es_doc_type", default: "notification",
            help: "Elasticsearch document type.")

        public static let esScrollTime = Option<String>(
            .notYet, group, "es_scroll_time", default: "2m",
            help: "Elasticsearch scroll keep-alive.")

        public static let esScrollSize = Option<Int>(
            .notYet, group, "es_scroll_size", default: 10000,
            help: "Elasticsearch batch size.")

        public static let socketTimeout = Option<Double>(
            .notYet, group, "socket_timeout", default: 0.1,
            help: "Redis sentinel socket timeout.")

        public static let sentinelServiceName = Option<String>(
            .notYet, group, "sentinel_service_name", default: "mymaster",
            help: "Redis sentinel service name.")

        public static let filterErrorTrace = Option<Bool>(
            .notYet, group, "filter_error_trace", default: false,
            help: "Only keep traces that contain errors.")

        static var all: [OptionDeclaration] {
            [
                enabled.declaration, traceSqlalchemy.declaration, traceRequests.declaration, hmacKeys.declaration,
                connectionString.declaration, esDocType.declaration, esScrollTime.declaration, esScrollSize.declaration,
                socketTimeout.declaration, sentinelServiceName.declaration, filterErrorTrace.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[profiler_jaeger]`.
    public enum ProfilerJaeger {
        static let group = "profiler_jaeger"

        public static let serviceNamePrefix = Option<String?>(
            .notYet, group, "service_name_prefix", default: nil, deprecated: "newer releases will drop it",
            help: "Jaeger service prefix.")

        public static let processTags = Option<OptionDictionary>(
            .notYet, group, "process_tags", default: [:], deprecated: "newer releases will drop it",
            help: "Jaeger process tags.")

        static var all: [OptionDeclaration] {
            [
                serviceNamePrefix.declaration, processTags.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[profiler_otlp]`.
    public enum ProfilerOtlp {
        static let group = "profiler_otlp"

        public static let serviceNamePrefix = Option<String?>(
            .notYet, group, "service_name_prefix", default: nil,
            help: "OTLP service prefix.")

        static var all: [OptionDeclaration] {
            [
                serviceNamePrefix.declaration
            ]
        }
    }
}
