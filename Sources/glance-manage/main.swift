import ArgumentParser
import CommandOptions
import Glibc
import ImageDatabase
import Logging
import OsloConfig
import OsloLog

exit(await start(Array(CommandLine.arguments.dropFirst())))

/// Runs a command line and returns the exit status: 2 for one that cannot be understood, as argparse does.
func start(_ words: [String]) async -> Int32 {
    let words = newSpelling(words)
    // Behind the action, --version is a revision.
    if words.prefix(while: { $0 != "db" }).contains("--version") {
        print(Version.current)
        return 0
    }
    var command: any ParsableCommand
    do {
        command = try GlanceManage.parseAsRoot(words)
        // What is left is the help that ArgumentParser adds: it ends by throwing its text.
        if !(command is any DatabaseAction || command is GlanceManage || command is DatabaseActions) {
            try command.run()
        }
    } catch {
        let text = GlanceManage.fullMessage(for: error)
        guard GlanceManage.exitCode(for: error) != .success else {
            print(text)
            return 0
        }
        complain(text)
        return 2
    }
    if let shell = (command as? GlanceManage)?.completion {
        print(shell.script)
        return 0
    }
    guard let action = command as? any DatabaseAction else {
        complain(GlanceManage.helpMessage(for: type(of: command)))
        return 2
    }
    do throws(ManageFailure) {
        try await run(action, words)
        return 0
    } catch {
        if !error.message.isEmpty { complain(error.message) }
        return error.status
    }
}

/// Turns the old spelling `db_sync` of an action into the new one, `db sync`.
func newSpelling(_ words: [String]) -> [String] {
    let actions = [
        "version", "upgrade", "version_control", "sync", "expand", "contract", "migrate", "check", "load_metadefs",
        "unload_metadefs", "export_metadefs",
    ]
    guard let index = words.firstIndex(where: { word in actions.contains { word == "db_" + $0 } }) else { return words }
    return words[..<index] + ["db", String(words[index].dropFirst(3))] + words[(index + 1)...]
}

/// Opens the database that the configuration names and lets the action work on it.
private func run(_ action: any DatabaseAction, _ words: [String]) async throws(ManageFailure) {
    let configuration: Configuration
    do {
        configuration = try Configuration.load(
            action.root.common.sources(
                program: GlanceManage.program, arguments: words, environment: ProcessEnvironment.variables))
        try OsloLog.bootstrap(configuration: configuration, program: GlanceManage.program)
    } catch {
        throw ManageFailure("ERROR: \(error)")
    }
    let logger = Logger(label: "glance.manage")
    for warning in configuration.warnings { logger.warning("\(warning)") }
    guard let url = configuration[Options.Database.connection] else {
        throw ManageFailure("ERROR: [database] connection is not set")
    }
    let database: ImageDatabase
    do throws(DatabaseError) {
        var options = DatabaseOptions(configuration)
        // A change of the schema waits for running transactions as long as it takes.
        options.lockTimeout = 0
        database = try ImageDatabase(url: url, options: options, logger: logger)
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

private func complain(_ text: String) {
    let line = text + "\n"
    _ = write(STDERR_FILENO, line, line.utf8.count)
}
