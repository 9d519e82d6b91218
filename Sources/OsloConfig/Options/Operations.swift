extension Options {
    /// The group `[oslo_concurrency]`.
    public enum OsloConcurrency {
        static let group = "oslo_concurrency"

        public static let disableProcessLocking = Option<Bool>(
            .notYet, group, "disable_process_locking", default: false,
            help: "Takes no locks between processes.")

        public static let lockPath = Option<String?>(
            .notYet, group, "lock_path", default: nil,
            help: "Directory of lock files.")

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
            help: "Directory of reports about the state of a process; without it they go to standard error.")

        public static let fileEventHandler = Option<String?>(
            .notYet, group, "file_event_handler", default: nil,
            help: "A file whose change triggers a report.")

        public static let fileEventHandlerInterval = Option<Int>(
            .notYet, group, "file_event_handler_interval", default: 1,
            help: "Seconds between two looks at that file.")

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
            help: "Profiles requests that carry signed trace headers.")

        public static let traceSqlalchemy = Option<Bool>(
            .notYet, group, "trace_sqlalchemy", default: false,
            help: "Records SQL statements.")

        public static let traceRequests = Option<Bool>(
            .notYet, group, "trace_requests", default: false,
            help: "Records outgoing HTTP requests.")

        public static let hmacKeys = Option<String>(
            .notYet, group, "hmac_keys", default: "SECRET_KEY", secret: true,
            help: "Keys that trace headers are signed with.")

        public static let connectionString = Option<String>(
            .notYet, group, "connection_string", default: "messaging://", secret: true,
            help: "Where traces go.")

        public static let esDocType = Option<String>(
            .notYet, group, "es_doc_type", default: "notification",
            help: "Document type in Elasticsearch.")

        public static let esScrollTime = Option<String>(
            .notYet, group, "es_scroll_time", default: "2m",
            help: "For how long Elasticsearch keeps a search open.")

        public static let esScrollSize = Option<Int>(
            .notYet, group, "es_scroll_size", default: 10000,
            help: "Documents that Elasticsearch answers at a time.")

        public static let socketTimeout = Option<Double>(
            .notYet, group, "socket_timeout", default: 0.1,
            help: "Seconds to wait for Redis Sentinel.")

        public static let sentinelServiceName = Option<String>(
            .notYet, group, "sentinel_service_name", default: "mymaster",
            help: "Name of the Redis service.")

        public static let filterErrorTrace = Option<Bool>(
            .notYet, group, "filter_error_trace", default: false,
            help: "Keeps only traces with errors apart.")

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
            .notYet, group, "service_name_prefix", default: nil, deprecated: "Jaeger takes OpenTelemetry traces",
            help: "What names of services begin with in Jaeger.")

        public static let processTags = Option<OptionDictionary>(
            .notYet, group, "process_tags", default: [:], deprecated: "Jaeger takes OpenTelemetry traces",
            help: "Tags of processes in Jaeger.")

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
            help: "What names of services begin with in OpenTelemetry.")

        static var all: [OptionDeclaration] {
            [
                serviceNamePrefix.declaration
            ]
        }
    }
}
