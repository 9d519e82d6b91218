import Logging
import OsloConfig

/// Turns records into lines: oslo.log's context formatter, or its JSON formatter.
final class LogFormatter: Sendable {
    /// Whether lines are JSON objects, with a record's fields apart from its message.
    let isJSON: Bool
    private let contextFormat: LogFormat
    private let defaultFormat: LogFormat
    private let debugSuffix: LogFormat
    private let userIdentity: LogFormat
    private let showsError: (context: Bool, default: Bool)
    private let clock: LogClock

    init(configuration: Configuration) {
        isJSON = configuration[Options.Default.useJson]
        contextFormat = LogFormat(configuration[Options.Default.loggingContextFormatString])
        defaultFormat = LogFormat(configuration[Options.Default.loggingDefaultFormatString])
        debugSuffix = LogFormat(configuration[Options.Default.loggingDebugFormatSuffix])
        userIdentity = LogFormat(configuration[Options.Default.loggingUserIdentityFormat])
        showsError = (Self.showsError(contextFormat), Self.showsError(defaultFormat))
        clock = LogClock(format: configuration[Options.Default.logDateFormat])
    }

    func line(_ record: LogRecord) -> String {
        if isJSON { return JSONLine(record, time: clock.text(record.time.tv_sec)).text }
        let inContext = record.isInContext
        var line = render(inContext ? contextFormat : defaultFormat, record)
        if let error = record.error, !(inContext ? showsError.context : showsError.default) { line += ": " + error }
        if record.level == .debug, !debugSuffix.parts.isEmpty { line += " " + render(debugSuffix, record) }
        // A message may repeat what a client sent.
        return line.withoutControls
    }

    private func render(_ format: LogFormat, _ record: LogRecord) -> String {
        format.render { record.field($0, clock: clock, userIdentity: userIdentity) ?? "-" }
    }

    private static func showsError(_ format: LogFormat) -> Bool {
        format.parts.contains { if case .field("error_summary", _, _, _) = $0 { true } else { false } }
    }
}
