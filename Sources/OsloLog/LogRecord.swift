import CLinux
import Glibc
import Logging

/// Everything that a format can say about one line.
struct LogRecord {
    let logger: String
    let level: Logger.Level
    /// Seconds and nanoseconds since 1970.
    let time: timespec
    /// With its metadata, without secrets.
    let message: String
    /// `MESSAGE_ID` of the event that the record is an occurrence of.
    let eventID: String?
    /// What the error of the event says, without secrets.
    let error: String?
    /// Values of ``LogContext`` keys, without secrets.
    let context: [String: String]
    /// Other metadata, without secrets; it is part of `message`, too.
    let extra: [(key: String, value: String)]
    let file: String
    let function: String
    let line: UInt
    /// Whether it may wait for others, to be written with them (``LogDestination/writeGathered()``).
    var isGathered = false

    var milliseconds: Int { time.tv_nsec / 1_000_000 }

    /// What a format says; nil if there is no such fact.
    func field(_ field: LogField, clock: borrowing LogClock, userIdentity: LogFormat) -> String? {
        switch field {
        case .asctime: clock.text(time.tv_sec)
        case .isotime: clock.iso(time)
        case .msecs: String(milliseconds)
        case .created: "\(time.tv_sec).\(Self.padded(time.tv_nsec / 1000, 6))"
        case .process: LogProcess.idText
        case .processName: LogProcess.name
        case .thread: String(pthread_self())
        case .levelName: level.osloName
        case .levelNumber: String(level.osloNumber)
        case .name: logger
        case .message: message
        case .function: function
        case .path: file
        case .fileName: String(file[(file.lastIndex(of: "/").map(file.index(after:)) ?? file.startIndex)...])
        case .module: String(file.prefix { $0 != "/" })
        case .line: String(line)
        case .errorSummary: error ?? "-"
        case .nothing: ""
        case .resource: context[LogContext.resource].map { "[\($0)] " } ?? ""
        case .userIdentity:
            isInContext
                ? userIdentity.render { field in
                    switch field {
                    case .identity(let name): identity(name) ?? "-"
                    case .resource: identity(LogContext.resource) ?? "-"
                    case .globalRequestID: identity(LogContext.globalRequestID) ?? "-"
                    default: "-"
                    }
                } : ""
        case .globalRequestID: context[LogContext.globalRequestID] ?? (isInContext ? "None" : "")
        case .identity(let name): identity(name)
        }
    }

    /// A fact of the request. oslo.context's `user` and `project` are the ids.
    private func identity(_ name: String) -> String? {
        if let value = context[name] { return value }
        return switch name {
        case LogContext.user: context[LogContext.userID]
        case LogContext.project: context[LogContext.projectID]
        default: nil
        }
    }

    var isInContext: Bool { context[LogContext.requestID] != nil }

    static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// Facts about the process that never change.
enum LogProcess {
    static let id = getpid()
    static let idText = String(id)
    /// What Python calls a process that isn't a child of `multiprocessing`, ours never being one.
    static let name = "MainProcess"

    /// Name of the calling thread (prctl(2), PR_GET_NAME).
    static func threadName() -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16) { buffer in
            guard let start = buffer.baseAddress, clinux_thread_name(start) == 0 else {
                return ""
            }
            return String(cString: start)
        }
    }

    static let host: String = {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }()
}

extension Logger.Level {
    /// oslo.log's name of the level; its AUDIT lies between INFO and WARNING as `notice` does.
    var osloName: String {
        switch self {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info: "INFO"
        case .notice: "AUDIT"
        case .warning: "WARNING"
        case .error: "ERROR"
        case .critical: "CRITICAL"
        }
    }

    /// Python's number of the level.
    var osloNumber: Int {
        switch self {
        case .trace: 5
        case .debug: 10
        case .info: 20
        case .notice: 21
        case .warning: 30
        case .error: 40
        case .critical: 50
        }
    }

    /// Priority in syslog.
    var syslogSeverity: Int32 {
        switch self {
        case .trace, .debug: LOG_DEBUG
        case .info: LOG_INFO
        case .notice: LOG_NOTICE
        case .warning: LOG_WARNING
        case .error: LOG_ERR
        case .critical: LOG_CRIT
        }
    }

    /// The level of a name or number as in `default_log_levels`; nil for others.
    init?(oslo text: some StringProtocol) {
        let number: Int? =
            switch text.uppercased() {
            case "NOTSET", "TRACE": 5
            case "DEBUG": 10
            case "INFO": 20
            case "AUDIT": 21
            case "WARN", "WARNING": 30
            case "ERROR": 40
            case "CRITICAL", "FATAL": 50
            default: Int(text)
            }
        guard let number else { return nil }
        self = Self.allCases.first { $0.osloNumber >= number } ?? .critical
    }
}
