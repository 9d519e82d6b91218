import OsloConfig

/// The options that every command of Glance takes, found anywhere on the command line, and what else is on it.
///
/// oslo.config takes them before the subcommand; here they may stand behind it too.
struct CommandLineOptions {
    /// A command line that cannot be understood: one line for the operator.
    struct UsageError: Error {
        var message: String
    }

    /// `--config-file` and `--config-dir` in their order.
    private(set) var arguments: [ConfigurationSources.Argument] = []
    /// Logging options as values of `[DEFAULT]`.
    private(set) var overrides: [(group: String, option: String, value: String)] = []
    /// Shell for which completions are asked for.
    private(set) var completionShell: String?
    private(set) var wantsVersion = false
    /// The subcommand and its own options.
    private(set) var rest: [String] = []

    private static let flags: [String: (option: String, value: String)] = [
        "-d": ("debug", "true"), "--debug": ("debug", "true"), "--nodebug": ("debug", "false"),
        "--use-journal": ("use_journal", "true"), "--nouse-journal": ("use_journal", "false"),
        "--use-json": ("use_json", "true"), "--nouse-json": ("use_json", "false"),
        "--use-syslog": ("use_syslog", "true"), "--nouse-syslog": ("use_syslog", "false"),
    ]

    private static let valued: [String: String] = [
        "--log-config-append": "log_config_append", "--log-config": "log_config_append",
        "--log_config": "log_config_append", "--log-date-format": "log_date_format", "--log-dir": "log_dir",
        "--logdir": "log_dir", "--log-file": "log_file", "--logfile": "log_file",
        "--syslog-log-facility": "syslog_log_facility",
    ]

    init(_ words: [String]) throws(UsageError) {
        var words = words[...]
        while let word = words.popFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = parts.first ?? word
            func value() throws(UsageError) -> String {
                if parts.count == 2 { return parts[1] }
                guard let next = words.popFirst() else {
                    throw UsageError(message: "argument \(name): expected one argument")
                }
                return next
            }
            if let flag = Self.flags[word] {
                overrides.append(("DEFAULT", flag.option, flag.value))
            } else if let option = Self.valued[name] {
                overrides.append(("DEFAULT", option, try value()))
            } else if name == "--config-file" {
                arguments.append(.file(try value()))
            } else if name == "--config-dir" {
                arguments.append(.directory(try value()))
            } else if name == "--shell_completion" {
                completionShell = try value()
            } else if word == "--version" && rest.isEmpty {
                wantsVersion = true
            } else {
                rest.append(word)
            }
        }
        // The old spelling `db_sync` is the new one `db sync`.
        if let first = rest.first, first.hasPrefix("db_"), Self.oldActions.contains(String(first.dropFirst(3))) {
            rest.replaceSubrange(0...0, with: ["db", String(first.dropFirst(3))])
        }
    }

    private static let oldActions = [
        "version", "upgrade", "version_control", "sync", "expand", "contract", "migrate", "check",
    ]

    /// What ``rest`` and the help cannot say.
    static let help = """
        OPTIONS OF ALL COMMANDS, before or behind the action:
          --config-file PATH      Configuration file; may be given several times, a later file wins.
          --config-dir DIR        Directory whose *.conf files are read in the order of their names.
          -d, --debug, --nodebug  Whether details are logged.
          --log-file PATH, --log-dir DIR, --log-date-format FORMAT, --log-config-append PATH,
          --use-syslog, --nouse-syslog, --syslog-log-facility NAME, --use-journal, --nouse-journal,
          --use-json, --nouse-json
                                  Logging, as in [DEFAULT] of the configuration.
          --shell_completion bash|zsh
                                  Prints completions for a shell.
          --version               Prints the version.
        """
}
