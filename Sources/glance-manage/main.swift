import ArgumentParser
import Glibc
import ImageDatabase
import Logging
import OsloConfig

exit(await start(Array(CommandLine.arguments.dropFirst())))

/// Runs a command line and returns the exit status: 2 for one that cannot be understood, as argparse does.
func start(_ words: [String]) async -> Int32 {
    let options: CommandLineOptions
    do throws(CommandLineOptions.UsageError) {
        options = try CommandLineOptions(words)
    } catch {
        complain("glance-manage: error: \(error.message)")
        return 2
    }
    if options.wantsVersion {
        print(GlanceManage.packageVersion)
        return 0
    }
    if let name = options.completionShell {
        guard let shell = CompletionShell(rawValue: name), name != "fish" else {
            complain("glance-manage: error: argument --shell_completion: choose from bash, zsh")
            return 2
        }
        print(GlanceManage.completionScript(for: shell))
        return 0
    }
    let command: any ParsableCommand
    do {
        command = try GlanceManage.parseAsRoot(options.rest)
    } catch {
        let text = GlanceManage.fullMessage(for: error)
        guard GlanceManage.exitCode(for: error) != .success else {
            print(text)
            return 0
        }
        complain(text)
        return 2
    }
    guard let action = command as? any DatabaseAction else {
        complain(GlanceManage.helpMessage(for: type(of: command)))
        return 2
    }
    do throws(ManageFailure) {
        try await run(action, options)
        return 0
    } catch {
        if !error.message.isEmpty { complain(error.message) }
        return error.status
    }
}

/// Opens the database that the configuration names and lets the action work on it.
private func run(_ action: any DatabaseAction, _ options: CommandLineOptions) async throws(ManageFailure) {
    var sources = ConfigurationSources(program: "glance-manage")
    sources.arguments = options.arguments
    sources.overrides = options.overrides
    sources.environment = environment()
    let configuration: Configuration
    do throws(ConfigurationError) {
        configuration = try Configuration.load(sources)
    } catch {
        throw ManageFailure("ERROR: \(error)")
    }
    let isDebug = configuration[Options.Default.debug]
    LoggingSystem.bootstrap { label in
        var handler = StreamLogHandler.standardError(label: label)
        handler.logLevel = isDebug ? .debug : .info
        return handler
    }
    let logger = Logger(label: "glance.manage")
    guard let url = configuration[Options.Database.connection] else {
        throw ManageFailure("ERROR: [database] connection is not set")
    }
    let database: ImageDatabase
    do throws(DatabaseError) {
        database = try ImageDatabase(url: url, options: DatabaseOptions(configuration), logger: logger)
    } catch {
        throw ManageFailure(error)
    }
    do throws(ManageFailure) {
        try await action.run(Manager(database: database, logger: logger))
    } catch {
        await database.close()
        throw error
    }
    await database.close()
}

private func environment() -> [String: String] {
    var result: [String: String] = [:]
    var entry = environ
    while let variable = entry.pointee {
        let text = String(cString: variable)
        if let equals = text.firstIndex(of: "=") {
            result[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        entry += 1
    }
    return result
}

private func complain(_ text: String) {
    let line = text + "\n"
    _ = write(STDERR_FILENO, line, line.utf8.count)
}
