extension Options.Default {
    public static let debug = Option<Bool>(
        .honoured, group, "debug", default: false, mutable: true,
        help: "Logs in full detail (DEBUG) instead of what normally matters (INFO).")

    public static let logConfigAppend = Option<String?>(
        .noMeaning("a Python logging configuration cannot be applied"), group, "log_config_append", default: nil,
        oldNames: ["log-config", "log_config"], mutable: true,
        help: "A Python logging configuration.")

    public static let logDateFormat = Option<String>(
        .honoured, group, "log_date_format", default: "%Y-%m-%d %H:%M:%S",
        help: "Form of date and time in log lines, as for strftime.")

    public static let logFile = Option<String?>(
        .honoured, group, "log_file", default: nil, oldNames: ["logfile"],
        help: """
            File to log to; a relative name is below log_dir. When the file is moved away, as logrotate \
            does, a new one is begun.
            """)

    public static let logDir = Option<String?>(
        .honoured, group, "log_dir", default: nil, oldNames: ["logdir"],
        help: "Directory to log to; without log_file the file is called like the program, with .log.")

    public static let useSyslog = Option<Bool>(
        .honoured, group, "use_syslog", default: false,
        help: "Logs to the local syslog daemon too.")

    public static let useJournal = Option<Bool>(
        .honoured, group, "use_journal", default: false,
        help: """
            Logs to the systemd journal with a field for each fact. Without another destination that happens anyway \
            where standard error is connected to the journal.
            """)

    public static let syslogLogFacility = Option<String>(
        .honoured, group, "syslog_log_facility", default: "LOG_USER",
        help: "Facility for syslog: LOG_USER, LOG_DAEMON, LOG_LOCAL0 and so on.")

    public static let useJson = Option<Bool>(
        .honoured, group, "use_json", default: false,
        help: "Writes each log line as a JSON object.")

    public static let useStderr = Option<Bool>(
        .honoured, group, "use_stderr", default: false,
        help: "Logs to standard error too. Without a log file and the journal that happens anyway.")

    public static let logColor = Option<Bool>(
        .noMeaning("lines are never coloured"), group, "log_color", default: false,
        help: "Colours log lines by level on terminals.")

    public static let logRotateInterval = Option<Int>(
        .noMeaning("rotation is left to logrotate or the journal"), group, "log_rotate_interval", default: 1,
        help: "After how many units the log file is rotated.")

    public static let logRotateIntervalType = Option<String>(
        .noMeaning("rotation is left to logrotate or the journal"), group, "log_rotate_interval_type",
        default: "days", choices: ["Seconds", "Minutes", "Hours", "Days", "Weekday", "Midnight"],
        help: "Unit of that interval.")

    public static let maxLogfileCount = Option<Int>(
        .noMeaning("rotation is left to logrotate or the journal"), group, "max_logfile_count", default: 30,
        help: "How many rotated files are kept.")

    public static let maxLogfileSizeMb = Option<Int>(
        .noMeaning("rotation is left to logrotate or the journal"), group, "max_logfile_size_mb", default: 200,
        help: "Size in MB at which the log file is rotated.")

    public static let logRotationType = Option<String>(
        .noMeaning("rotation is left to logrotate or the journal"), group, "log_rotation_type", default: "none",
        choices: ["interval", "size", "none"],
        help: "Whether log files are rotated by time, by size or not at all.")

    public static let loggingContextFormatString = Option<String>(
        .honoured, group, "logging_context_format_string",
        default:
            "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [%(global_request_id)s %(request_id)s %(user_identity)s] %(instance)s%(message)s",
        help: "Form of log lines that belong to a request. %(name)s stands for a fact of the line.")

    public static let loggingDefaultFormatString = Option<String>(
        .honoured, group, "logging_default_format_string",
        default: "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [-] %(instance)s%(message)s",
        help: "Form of all other log lines.")

    public static let loggingDebugFormatSuffix = Option<String>(
        .honoured, group, "logging_debug_format_suffix", default: "%(funcName)s %(pathname)s:%(lineno)d",
        help: "What lines of level DEBUG end with.")

    public static let loggingExceptionPrefix = Option<String>(
        .noMeaning("there are no Python tracebacks"), group, "logging_exception_prefix",
        default: "%(asctime)s.%(msecs)03d %(process)d ERROR %(name)s %(instance)s",
        help: "What each line of a Python traceback begins with.")

    public static let loggingUserIdentityFormat = Option<String>(
        .honoured, group, "logging_user_identity_format",
        default: "%(user)s %(project)s %(domain)s %(system_scope)s %(user_domain)s %(project_domain)s",
        help: "Form of %(user_identity)s.")

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
        help: "Least levels of single loggers, as name=LEVEL.")

    public static let publishErrors = Option<Bool>(
        .notYet, group, "publish_errors", default: false,
        help: "Sends errors as notifications.")

    public static let instanceFormat = Option<String>(
        .noMeaning("images are not instances"), group, "instance_format", default: "[instance: %(uuid)s] ",
        help: "What lines about a compute instance begin with.")

    public static let instanceUuidFormat = Option<String>(
        .noMeaning("images are not instances"), group, "instance_uuid_format", default: "[instance: %(uuid)s] ",
        help: "What lines about a compute instance known by its id begin with.")

    public static let rateLimitInterval = Option<Int>(
        .honoured, group, "rate_limit_interval", default: 0,
        help: "Seconds in which at most rate_limit_burst lines are logged; 0 is no limit.")

    public static let rateLimitBurst = Option<Int>(
        .honoured, group, "rate_limit_burst", default: 0,
        help: "How many lines that are.")

    public static let rateLimitExceptLevel = Option<String>(
        .honoured, group, "rate_limit_except_level", default: "CRITICAL",
        choices: ["CRITICAL", "ERROR", "INFO", "WARNING", "DEBUG", ""],
        help: "Lines of this level and above are always logged; an empty value exempts none.")

    public static let fatalDeprecations = Option<Bool>(
        .noMeaning("there are no Python deprecation warnings"), group, "fatal_deprecations", default: false,
        help: "Ends the program where it uses something deprecated.")

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
