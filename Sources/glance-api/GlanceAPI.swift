import ArgumentParser
import CacheKeeper
import CommandOptions
import GlanceWorker
import Glibc
import HTTPServer
import Importer
import Logging
import OsloConfig
import OsloLog
import Scoreboard
import Scrubber
import Supervisor
import Synchronization
import UnifiedLimits

/// `glance-api`: the supervisor, or one of its children if it was given a role.
@main
struct GlanceAPI: ParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        commandName: program, abstract: "Serves the OpenStack Image API.", version: Version.current)
    static let program = "glance-api"

    @ArgumentParser.OptionGroup var common: CommonOptions

    @Flag(name: .customLong("check-config"), help: "Checks the configuration and what it names, and ends.")
    var checksConfiguration = false

    @ArgumentParser.Option(help: .private, transform: role(named:)) var role: ProcessRole?
    @ArgumentParser.Option(help: .private) var slot = 0

    private static func role(named name: String) throws -> ProcessRole {
        guard let role = ProcessRole(rawValue: name) else { throw ValidationError("There is no role '\(name)'.") }
        return role
    }

    static func main() {
        let command = parseOrEnd()
        do {
            switch command.role {
            case nil where command.checksConfiguration: try command.checkConfiguration()
            case nil: Glibc.exit(try command.supervise())
            case let role?: try command.work(as: role)
            }
        } catch {
            report("\(error)")
            Glibc.exit(exitStatus(of: error).rawValue)
        }
    }

    /// Says on standard error why the process can't go on.
    private static func report(_ reason: String) {
        let line = "ERROR: \(reason)\n"
        _ = write(STDERR_FILENO, line, line.utf8.count)
    }

    /// Ends with status 2 for a command line that can't be understood, as Python's commands do.
    private static func parseOrEnd() -> GlanceAPI {
        do {
            return try parse()
        } catch {
            if Self.exitCode(for: error) == .success { exit(withError: error) }
            let line = fullMessage(for: error) + "\n"
            _ = write(STDERR_FILENO, line, line.utf8.count)
            Glibc.exit(2)
        }
    }

    /// Buffers of 2 MiB and more go back to the system when they are let go of (mallopt(3)), unless the environment says otherwise.
    /// Left alone, glibc learns from the first of a size to keep those after it: many transfers at a time then hold half as much
    /// again.
    private static let memorySettings = ["MALLOC_MMAP_THRESHOLD_": "2097152"]

    private func supervise() throws -> Int32 {
        umask(0o027)
        /// Whether what is logged does not go to standard error.
        var logsElsewhere = false
        var supervisor = try Supervisor(
            program: Self.program, childArguments: arguments,
            environment: Self.memorySettings.merging(ProcessEnvironment.variables) { _, given in given }
        ) {
            // Files may have been moved away, whatever the new configuration is like.
            OsloLog.reopen()
            let configuration = try Configuration.load(sources)
            try OsloLog.bootstrap(configuration: configuration, program: Self.program)
            logsElsewhere = configuration.logsElsewhere
            let logger = Logger(label: "glance.config")
            for warning in configuration.warnings { logger.warning("\(warning)") }
            for notice in configuration.notices { logger.info("\(notice)") }
            return LoadedConfiguration(
                settings: SupervisorSettings(configuration),
                childConfiguration: try Worker.snapshot(configuration).bytes)
        }
        let status = supervisor.run()
        if let failure = supervisor.failure, logsElsewhere { Self.report(failure) }
        return status
    }

    private func work(as role: ProcessRole) throws -> Never {
        let process = try SupervisedProcess(name: role.processName, slot: slot)
        process.run {
            do {
                switch role {
                case .worker: try await serve(process)
                case .scrubber: try await scrub(process)
                case .limits: try await mirrorLimits(process)
                case .importer: try await doImports(process)
                case .cache: try await keepCache(process)
                }
                return 0
            } catch {
                // The supervisor says it, once for all children.
                process.reportFailure("\(error)")
                return Self.exitStatus(of: error).rawValue
            }
        }
    }

    private func scrub(_ process: SupervisedProcess) async throws {
        let scrubber = try await ScrubberService(
            configuration: try childConfiguration(process), logger: Logger(label: "glance.scrubber"))
        try await scrubber.run(
            started: process.reportReady, beat: { process.slot.beat() }, until: { _ = await process.waitForEnding() })
    }

    private func mirrorLimits(_ process: SupervisedProcess) async throws {
        let limits = try await LimitsService(
            configuration: try childConfiguration(process), logger: Logger(label: "glance.limits"))
        try await limits.run(
            started: process.reportReady, beat: { process.slot.beat() },
            refreshed: { process.slot.limitsRefreshed = Int64(time(nil)) },
            until: { _ = await process.waitForEnding() })
    }

    private func doImports(_ process: SupervisedProcess) async throws {
        let importer = try await ImporterService(
            configuration: try childConfiguration(process), logger: Logger(label: "glance.importer"))
        try await importer.run(
            started: process.reportReady,
            beat: { load in
                process.slot.beat()
                process.slot.imports = load.count
                process.slot.importedBytes = load.done
                process.slot.importSize = load.expected ?? 0
            },
            wait: listening(process),
            until: { _ = await process.waitForEnding() })
    }

    private func keepCache(_ process: SupervisedProcess) async throws {
        let keeper = try await CacheKeeper(
            configuration: try childConfiguration(process), logger: Logger(label: "glance.image_cache"))
        try await keeper.run(
            started: process.reportReady,
            beat: { count in
                process.slot.beat()
                process.slot.transfers = count
            },
            wait: listening(process),
            until: { _ = await process.waitForEnding() })
    }

    /// A call that blocks until the bell rings, for a second at most.
    private func listening(_ process: SupervisedProcess) -> @Sendable () -> Void {
        let board = process.slot.scoreboard
        let seen = Atomic(board.rings)
        return {
            board.waitForBell(after: seen.load(ordering: .relaxed), milliseconds: 1000)
            seen.store(board.rings, ordering: .relaxed)
        }
    }

    /// Takes the configuration that the supervisor has accepted, and sets up logging.
    private func childConfiguration(_ process: SupervisedProcess) throws -> Configuration {
        var sources = sources
        sources.snapshot = try process.configuration.map { try ConfigurationSnapshot(bytes: $0) }
        let configuration = try Configuration.load(sources)
        try OsloLog.bootstrap(configuration: configuration, program: Self.program)
        return configuration
    }

    private func serve(_ process: SupervisedProcess) async throws {
        let configuration = try childConfiguration(process)
        let worker = try await Worker(
            configuration: configuration, logger: Logger(label: "glance.api"),
            accessLog: OsloLog.gatheringLogger(label:), beforeAnswers: OsloLog.writeGathered,
            wakeImporter: { process.slot.scoreboard.ring() })
        let timeout = configuration[Options.Default.gracefulShutdownTimeout]
        try await worker.serve(
            socket: process.socket, started: process.reportReady,
            beat: { load in
                process.slot.beat()
                process.slot.requests = load.requests
                process.slot.activeRequests = load.activeRequests
                process.slot.transfers = load.transfers
                process.slot.connections = load.connections
            },
            until: {
                switch await process.waitForEnding() {
                case .replaced: DrainLimits(timeout: Self.noLimit, idleGrace: .seconds(10))
                case .stop where timeout == 0: DrainLimits(timeout: Self.noLimit, idleGrace: .seconds(2))
                case .stop: DrainLimits(timeout: .seconds(timeout), idleGrace: .seconds(2))
                }
            })
    }

    /// As good as without end.
    private static let noLimit: Duration = .seconds(365 * 86_400)

    var sources: ConfigurationSources {
        common.sources(program: Self.program, arguments: arguments, environment: ProcessEnvironment.variables)
    }

    /// Of the command line, without what only concerns a child.
    private var arguments: [String] {
        let all = Array(CommandLine.arguments.dropFirst())
        return role == nil ? all : Array(all.dropFirst(4))
    }

    private static func exitStatus(of error: any Error) -> ExitStatus {
        switch error {
        case let failure as any ExitStatusError: failure.exitStatus
        case is ConfigurationError: .configFileValueError
        case is OsloLogError, is ScoreboardError: .runtimeError
        default: .unexpected
        }
    }
}

extension Configuration {
    /// Whether standard error sees nothing of the log.
    fileprivate var logsElsewhere: Bool {
        let isFile = [self[Options.Default.logFile], self[Options.Default.logDir]].contains { $0?.isEmpty == false }
        return isFile && !self[Options.Default.useStderr] && !self[Options.Default.useJournal]
    }
}
