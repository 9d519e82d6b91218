import Logging
import OsloConfig
import Systemd

/// What the logging options of a configuration come to.
struct LogSettings: Sendable {
    let destinations: [any LogDestination]
    let formatter: LogFormatter
    let redaction: Redaction
    let levels: LogLevels
    /// nil when lines are not counted.
    let rateLimit: RateLimit?

    /// What the operator should know about the choice of destinations, for the log.
    let warnings: [String]

    /// - Parameters:
    ///   - program: names the log file in `log_dir`, and the lines in syslog and the journal.
    ///   - journal: the socket of journald.
    ///   - isStandardErrorJournal: whether standard error is connected to the journal.
    /// - Throws: ``OsloLogError`` for a file that cannot be opened and for option values that oslo.log would not take.
    init(
        configuration: Configuration, program: String, journal: String = JournalSocket.standardPath,
        isStandardErrorJournal: Bool = JournalStream.isStandardError
    ) throws(OsloLogError) {
        let facility = try Self.facility(configuration)
        var destinations: [any LogDestination] = []
        var warnings: [String] = []
        if let path = OsloLog.logFile(of: configuration, program: program) {
            destinations.append(try LogFile(path: path))
        }
        let isAlone = destinations.isEmpty && !configuration[Options.Default.useStderr]
        if configuration[Options.Default.useJournal] || (isAlone && isStandardErrorJournal) {
            if JournalSocket.isPresent(path: journal), let socket = JournalSocket(path: journal) {
                destinations.append(Journal(socket: socket, program: program, facility: facility))
            } else {
                warnings.append("There is no journal at \(journal): logging to standard error in its place")
            }
        }
        // oslo.log would take standard output in the second case; a service's standard output is not for logs.
        if configuration[Options.Default.useStderr] || destinations.isEmpty { destinations.append(StandardError()) }
        if configuration[Options.Default.useSyslog] {
            destinations.append(Syslog(program: program, facility: facility))
        }
        self.warnings = warnings
        self.destinations = destinations
        formatter = LogFormatter(configuration: configuration)
        redaction = Redaction(secrets: configuration.secrets)
        levels = try LogLevels(
            isDebug: configuration[Options.Default.debug], names: configuration[Options.Default.defaultLogLevels])
        rateLimit = RateLimit(configuration: configuration)
    }

    private static func facility(_ configuration: Configuration) throws(OsloLogError) -> Int32 {
        let name = configuration[Options.Default.syslogLogFacility]
        guard let facility = Syslog.facility(name) else {
            throw OsloLogError("[DEFAULT] syslog_log_facility = '\(name)' is not a syslog facility")
        }
        return facility
    }
}
