import Logging
import OsloConfig

/// What the logging options of a configuration come to.
struct LogSettings: Sendable {
    let destinations: [any LogDestination]
    let formatter: LogFormatter
    let redaction: Redaction
    let levels: LogLevels
    /// nil when lines are not counted.
    let rateLimit: RateLimit?

    /// - Throws: ``OsloLogError`` for a file that cannot be opened and for option values that oslo.log would not take.
    init(configuration: Configuration, program: String) throws(OsloLogError) {
        var destinations: [any LogDestination] = []
        if let path = Self.logFile(configuration, program: program) { destinations.append(try LogFile(path: path)) }
        // oslo.log would take standard output in the second case; a service's standard output is not for logs.
        if configuration[Options.Default.useStderr] || configuration[Options.Default.useJournal] || destinations.isEmpty
        {
            destinations.append(StandardError())
        }
        if configuration[Options.Default.useSyslog] {
            let name = configuration[Options.Default.syslogLogFacility]
            guard let facility = Syslog.facility(name) else {
                throw OsloLogError("[DEFAULT] syslog_log_facility = '\(name)' is not a syslog facility")
            }
            destinations.append(Syslog(program: program, facility: facility))
        }
        self.destinations = destinations
        formatter = LogFormatter(configuration: configuration)
        redaction = Redaction(secrets: configuration.secrets)
        levels = try LogLevels(
            isDebug: configuration[Options.Default.debug], names: configuration[Options.Default.defaultLogLevels])
        rateLimit = RateLimit(configuration: configuration)
    }

    private static func logFile(_ configuration: Configuration, program: String) -> String? {
        let file = configuration[Options.Default.logFile].flatMap { $0.isEmpty ? nil : $0 }
        let directory = configuration[Options.Default.logDir].flatMap { $0.isEmpty ? nil : $0 }
        guard let directory else { return file }
        guard let file else { return directory + "/" + program + ".log" }
        return file.hasPrefix("/") ? file : directory + "/" + file
    }
}
