extension Options.Default {
    public static let debug = Option<Bool>(
        .honoured, group, "debug", default: false, mutable: true,
        help: "DEBUG level instead of INFO; mutable at SIGHUP.")

    public static let logConfigAppend = Option<String?>(
        .noMeaning("a Python logging configuration cannot be applied"), group, "log_config_append", default: nil,
        oldNames: ["log-config", "log_config"], mutable: true,
        help: "Python logging config file; overrides all others.")

    public static let logDateFormat = Option<String>(
        .honoured, group, "log_date_format", default: "%Y-%m-%d %H:%M:%S",
        help: "strftime format of %(asctime)s.")

    public static let logFile = Option<String?>(
        .honoured, group, "log_file", default: nil, oldNames: ["logfile"],
        help: "Log file name, relative to log_dir.")

    public static let logDir = Option<String?>(
        .honoured, group, "log_dir", default: nil, oldNames: ["logdir"],
        help: "Directory of log files; file name defaults to <prog>.log.")

    public static let useSyslog = Option<Bool>(
        .honoured, group, "use_syslog", default: false,
        help: "Log to syslog.")

    public static let useJournal = Option<Bool>(
        .notYet, group, "use_journal", default: false,
        help: "Log to systemd journal with structured fields; needs python systemd.")

    public static let syslogLogFacility = Option<String>(
        .honoured, group, "syslog_log_facility", default: "LOG_USER",
        help: "Syslog facility.")

    public static let useJson = Option<Bool>(
        .honoured, group, "use_json", default: false,
        help: "JSON formatter.")

    public static let useStderr = Option<Bool>(
        .honoured, group, "use_stderr", default: false,
        help: "Log to stderr (scrubber sets default True).")

    public static let logColor = Option<Bool>(
        .honoured, group, "log_color", default: false,
        help: "Colour codes on terminals.")

    public static let logRotateInterval = Option<Int>(
        .noMeaning("rotation is left to logrotate or the journal"), group, "log_rotate_interval", default: 1,
        help: "Rotation interval count (rotation_type=interval).")

    public static let logRotateIntervalType = Option<String>(
        .noMeaning("rotation is left to logrotate or the journal"), group, "log_rotate_interval_type",
        default: "days", choices: ["Seconds", "Minutes", "Hours", "Days", "Weekday", "Midnight"],
        help: "Unit of that interval.")

    public static let maxLogfileCount = Option<Int>(
        .noMeaning("rotation is left to logrotate or the journal"), group, "max_logfile_count", default: 30,
        help: "Rotated files kept.")

    public static let maxLogfileSizeMb = Option<Int>(
        .noMeaning("rotation is left to logrotate or the journal"), group, "max_logfile_size_mb", default: 200,
        help: "Rotation size (rotation_type=size).")

    public static let logRotationType = Option<String>(
        .noMeaning("rotation is left to logrotate or the journal"), group, "log_rotation_type", default: "none",
        choices: ["interval", "size", "none"],
        help: "Built-in rotation kind.")

    public static let loggingContextFormatString = Option<String>(
        .honoured, group, "logging_context_format_string",
        default:
            "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [%(global_request_id)s %(request_id)s %(user_identity)s] %(instance)s%(message)s",
        help: "Line format when a request context exists.")

    public static let loggingDefaultFormatString = Option<String>(
        .honoured, group, "logging_default_format_string",
        default: "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [-] %(instance)s%(message)s",
        help: "Line format otherwise.")

    public static let loggingDebugFormatSuffix = Option<String>(
        .honoured, group, "logging_debug_format_suffix", default: "%(funcName)s %(pathname)s:%(lineno)d",
        help: "Appended for DEBUG records.")

    public static let loggingExceptionPrefix = Option<String>(
        .noMeaning("there are no Python tracebacks"), group, "logging_exception_prefix",
        default: "%(asctime)s.%(msecs)03d %(process)d ERROR %(name)s %(instance)s",
        help: "Prefix of every traceback line.")

    public static let loggingUserIdentityFormat = Option<String>(
        .honoured, group, "logging_user_identity_format",
        default: "%(user)s %(project)s %(domain)s %(system_scope)s %(user_domain)s %(project_domain)s",
        help: "How %(user_identity)s is built.")

    public static let defaultLogLevels = Option<[String]>(
        .honoured, group, "default_log_levels",
        default: [
            "amqp=WARN", "boto=WARN", "sqlalchemy=WARN", "suds=INFO", "oslo.messaging=INFO",
            "oslo_messaging=INFO", "iso8601=WARN", "requests.packages.urllib3.connectionpool=WARN",
            "urllib3.connectionpool=WARN", "websocket=WARN", "requests.packages.urllib3.util.retry=WARN",
            "urllib3.util.retry=WARN", "keystonemiddleware=WARN", "routes.middleware=WARN",
            "stevedore=WARN", "taskflow=WARN", "keystoneauth=WARN", "oslo.cache=INFO", "oslo_policy=INFO",
            "dogpile.core.dogpile=INFO",
        ],
        help: "logger=LEVEL list for libraries.")

    public static let publishErrors = Option<Bool>(
        .notYet, group, "publish_errors", default: false,
        help: "Emit error logs as notifications.")

    public static let instanceFormat = Option<String>(
        .noMeaning("images are not instances"), group, "instance_format", default: "[instance: %(uuid)s] ",
        help: "Prefix for records with an instance.")

    public static let instanceUuidFormat = Option<String>(
        .noMeaning("images are not instances"), group, "instance_uuid_format", default: "[instance: %(uuid)s] ",
        help: "Prefix for records with an instance UUID.")

    public static let rateLimitInterval = Option<Int>(
        .honoured, group, "rate_limit_interval", default: 0,
        help: "Seconds of the log rate window; 0 off.")

    public static let rateLimitBurst = Option<Int>(
        .honoured, group, "rate_limit_burst", default: 0,
        help: "Records per window.")

    public static let rateLimitExceptLevel = Option<String>(
        .honoured, group, "rate_limit_except_level", default: "CRITICAL",
        choices: ["CRITICAL", "ERROR", "INFO", "WARNING", "DEBUG", ""],
        help: "Level never rate-limited.")

    public static let fatalDeprecations = Option<Bool>(
        .noMeaning("there are no Python deprecation warnings"), group, "fatal_deprecations", default: false,
        help: "Treat deprecation warnings as errors.")

    static var loggingOptions: [OptionDeclaration] {
        [
            debug.declaration, logConfigAppend.declaration, logDateFormat.declaration, logFile.declaration,
            logDir.declaration, useSyslog.declaration, useJournal.declaration, syslogLogFacility.declaration,
            useJson.declaration, useStderr.declaration, logColor.declaration, logRotateInterval.declaration,
            logRotateIntervalType.declaration, maxLogfileCount.declaration, maxLogfileSizeMb.declaration,
            logRotationType.declaration, loggingContextFormatString.declaration,
            loggingDefaultFormatString.declaration, loggingDebugFormatSuffix.declaration,
            loggingExceptionPrefix.declaration, loggingUserIdentityFormat.declaration, defaultLogLevels.declaration,
            publishErrors.declaration, instanceFormat.declaration, instanceUuidFormat.declaration,
            rateLimitInterval.declaration, rateLimitBurst.declaration, rateLimitExceptLevel.declaration,
            fatalDeprecations.declaration,
        ]
    }
}
