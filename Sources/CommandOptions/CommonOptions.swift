public import ArgumentParser
public import OsloConfig

/// The command-line options that all commands share: which configuration is read, and where the log goes.
public struct CommonOptions: ParsableArguments, Sendable {
    @ArgumentParser.Option(
        name: .customLong("config-file"), help: ArgumentHelp("Reads this file; may be repeated.", valueName: "path"))
    var configFiles: [String] = []

    @ArgumentParser.Option(
        name: .customLong("config-dir"),
        help: ArgumentHelp("Reads all *.conf files of this directory, sorted; may be repeated.", valueName: "directory")
    )
    var configDirectories: [String] = []

    @Flag(exclusivity: .chooseLast, help: "Logs more.")
    var debug: DebugFlag?

    @Flag(exclusivity: .chooseLast, help: "Logs to the journal.")
    var journal: JournalFlag?

    @Flag(exclusivity: .chooseLast, help: "Logs JSON objects.")
    var json: JSONFlag?

    @Flag(exclusivity: .chooseLast, help: "Logs to syslog.")
    var syslog: SyslogFlag?

    @ArgumentParser.Option(
        name: [.customLong("log-file"), .customLong("logfile")],
        help: ArgumentHelp("Logs to this file.", valueName: "path"))
    var logFile: String?

    @ArgumentParser.Option(
        name: [.customLong("log-dir"), .customLong("logdir")],
        help: ArgumentHelp("Where log files with a relative name are.", valueName: "directory"))
    var logDirectory: String?

    @ArgumentParser.Option(
        name: .customLong("log-date-format"),
        help: ArgumentHelp("How times are written in the log (strftime).", valueName: "format"))
    var logDateFormat: String?

    @ArgumentParser.Option(
        name: .customLong("syslog-log-facility"),
        help: ArgumentHelp("Facility of messages to syslog.", valueName: "facility"))
    var syslogFacility: String?

    @ArgumentParser.Option(
        name: [.customLong("log-config-append"), .customLong("log-config"), .customLong("log_config")],
        help: ArgumentHelp("Accepted, but without effect: a Python logging configuration.", valueName: "path"))
    var logConfigAppend: String?

    public init() {}

    /// What a program is to read: the named files and directories in the order in which they stand in `arguments`, or its
    /// search path.
    ///
    /// - Parameters:
    ///   - program: `glance-api`, `glance-manage`, …
    ///   - arguments: of the command line, without the command.
    public func sources(
        program: String, arguments: [String], environment: [String: String]
    ) -> ConfigurationSources {
        var sources = ConfigurationSources(program: program)
        sources.environment = environment
        sources.arguments = Self.inOrder(arguments)
        let values: [(option: String, value: String?)] = [
            ("debug", debug.map { "\($0 == .debug)" }),
            ("use_journal", journal.map { "\($0 == .useJournal)" }),
            ("use_json", json.map { "\($0 == .useJson)" }),
            ("use_syslog", syslog.map { "\($0 == .useSyslog)" }),
            ("log_file", logFile), ("log_dir", logDirectory), ("log_date_format", logDateFormat),
            ("syslog_log_facility", syslogFacility), ("log_config_append", logConfigAppend),
        ]
        sources.overrides = values.compactMap { entry in
            entry.value.map { (group: "DEFAULT", option: entry.option, value: $0) }
        }
        return sources
    }

    /// ArgumentParser keeps files and directories apart, but a later one overrides an earlier one of either kind.
    static func inOrder(_ arguments: [String]) -> [ConfigurationSources.Argument] {
        var result: [ConfigurationSources.Argument] = []
        var rest = arguments[...]
        while let argument = rest.popFirst(), argument != "--" {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first, name == "--config-file" || name == "--config-dir",
                let value = parts.count == 2 ? String(parts[1]) : rest.popFirst()
            else { continue }
            result.append(name == "--config-file" ? .file(value) : .directory(value))
        }
        return result
    }
}

/// `--debug` or `--nodebug`.
enum DebugFlag: EnumerableFlag {
    case debug, nodebug

    static func name(for value: Self) -> NameSpecification {
        value == .debug ? [.long, .customShort("d")] : .long
    }
}

/// `--use-journal` or `--nouse-journal`.
enum JournalFlag: EnumerableFlag {
    case useJournal, nouseJournal
}

/// `--use-json` or `--nouse-json`.
enum JSONFlag: EnumerableFlag {
    case useJson, nouseJson
}

/// `--use-syslog` or `--nouse-syslog`.
enum SyslogFlag: EnumerableFlag {
    case useSyslog, nouseSyslog
}
