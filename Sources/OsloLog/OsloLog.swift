public import Logging
public import OsloConfig
import Synchronization

/// Logging as oslo.log does it: its options, its line formats, its destinations.
///
/// Loggers have Glance-like labels (`glance.api`). Metadata with the names of ``LogContext`` makes a line belong to a
/// request; all other metadata follows the message as `key=value`.
public enum OsloLog {
    private static let system = Mutex<LogSystem?>(nil)

    /// Sends all loggers of the process to where the configuration says.
    ///
    /// A second call applies a new configuration (levels, formats, destinations) to the loggers that exist.
    /// - Parameter program: names the log file in `log_dir` and the lines in syslog.
    /// - Throws: ``OsloLogError`` if a log file cannot be opened or an option makes no sense; nothing has changed then.
    public static func bootstrap(configuration: Configuration, program: String) throws(OsloLogError) {
        let settings = try LogSettings(configuration: configuration, program: program)
        let new: LogSystem? = system.withLock { system in
            if let system {
                system.apply(settings)
                return nil
            }
            let created = LogSystem(settings)
            system = created
            return created
        }
        if let new { LoggingSystem.bootstrap { label in OsloLogHandler(label: label, system: new) } }
        for warning in settings.warnings { Logger(label: "glance.log").warning("\(warning)") }
    }

    /// A logger whose lines may wait until ``writeGathered()`` is called, or somebody else writes a line.
    ///
    /// Its user promises that call: soon, and before anybody looks for the line.
    public static func gatheringLogger(label: String) -> Logger {
        guard let system = system.withLock({ $0 }) else { return Logger(label: label) }
        return Logger(label: label) { OsloLogHandler(label: $0, system: system, isGathered: true) }
    }

    /// Writes the lines of all ``gatheringLogger(label:)``s at once.
    public static func writeGathered() { system.withLock { $0 }?.writeGathered() }

    /// Opens the log file anew. Files that were moved away are noticed without this, too.
    public static func reopen() {
        system.withLock { $0 }?.reopen()
    }
}

/// Why logging cannot begin. `description` is one line for the operator.
public struct OsloLogError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
