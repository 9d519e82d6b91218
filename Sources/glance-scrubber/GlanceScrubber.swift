import ArgumentParser
import CommandOptions
import Glibc
import Logging
import OsloConfig
import OsloLog
import Scrubber

/// `glance-scrubber`: one run, or a daemon, or the way back from `pending_delete` for one image.
@main
struct GlanceScrubber: ParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        commandName: program, abstract: "Removes the data of deleted images, and what crashes have left.",
        discussion: "Without --daemon or --restore it does what there is to do once.", version: Version.current)
    static let program = "glance-scrubber"

    @OptionGroup var common: CommonOptions

    @Flag(exclusivity: .chooseLast, help: "Runs until it is ended, every wakeup_time seconds.")
    var daemon: DaemonFlag?

    @ArgumentParser.Option(
        help: ArgumentHelp("Brings this image back from pending_delete.", valueName: "image-id"))
    var restore: String?

    static func main() {
        do {
            let command = try parse()
            let signals = StopSignals()
            Task.detached { Glibc.exit(await command.execute(signals)) }
            // A main that waits: an asynchronous one would have started threads before the signals were blocked.
            while true { pause() }
        } catch {
            if exitCode(for: error) == .success { exit(withError: error) }
            complain(fullMessage(for: error))
            Glibc.exit(2)
        }
    }

    /// Returns the exit status.
    private func execute(_ signals: StopSignals) async -> Int32 {
        do {
            try refuseBoth(daemon == .daemon, restore)
            let configuration = try load()
            try OsloLog.bootstrap(configuration: configuration, program: Self.program)
            let logger = Logger(label: "glance.scrubber")
            for warning in configuration.warnings { logger.warning("\(warning)") }
            let restore = configuration[Options.Default.restore]
            let isDaemon = configuration[Options.Default.daemon]
            try refuseBoth(isDaemon, restore)
            let service = try await ScrubberService(configuration: configuration, logger: logger)
            if isDaemon {
                try await service.run(started: {}, beat: {}, until: { await signals.wait() })
                return 0
            }
            if let restore, !restore.isEmpty {
                try await service.restore(restore)
            } else {
                try await service.runOnce()
            }
            await service.close()
            return 0
        } catch {
            Self.complain("ERROR: \(error)")
            return 1
        }
    }

    private func refuseBoth(_ isDaemon: Bool, _ restore: String?) throws {
        if isDaemon, restore != nil { throw ContradictingOptions() }
    }

    private func load() throws -> Configuration {
        var sources = common.sources(
            program: Self.program, arguments: Array(CommandLine.arguments.dropFirst()),
            environment: ProcessEnvironment.variables)
        if let daemon {
            sources.overrides.append((group: "DEFAULT", option: "daemon", value: "\(daemon == .daemon)"))
        }
        if let restore { sources.overrides.append((group: "DEFAULT", option: "restore", value: restore)) }
        return try Configuration.load(sources)
    }

    private static func complain(_ text: String) {
        let line = text + "\n"
        _ = write(STDERR_FILENO, line, line.utf8.count)
    }
}

/// `--daemon` or `--nodaemon`.
enum DaemonFlag: EnumerableFlag {
    case daemon, nodaemon

    static func name(for value: Self) -> NameSpecification {
        value == .daemon ? [.long, .customShort("D")] : .long
    }
}

/// A command line that asks for two things at once.
struct ContradictingOptions: Error, CustomStringConvertible {
    let description =
        "The restore and daemon options should not be set together. Please use either of them in one request."
}
