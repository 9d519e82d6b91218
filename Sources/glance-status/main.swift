import ArgumentParser
import CommandOptions
import Glibc
import UpgradeCheck

exit(await start(Array(CommandLine.arguments.dropFirst())))

/// Runs a command line and returns the exit status.
func start(_ words: [String]) async -> Int32 {
    var command: any ParsableCommand
    do {
        command = try GlanceStatus.parseAsRoot(words)
        // Without an action it is the help that ArgumentParser adds, which ends by throwing its text.
        if !(command is Check || command is Upgrade || command is GlanceStatus) { try command.run() }
    } catch {
        let text = GlanceStatus.fullMessage(for: error)
        guard GlanceStatus.exitCode(for: error) != .success else {
            print(text)
            return 0
        }
        complain(text)
        return 2
    }
    guard let check = command as? Check else {
        complain(GlanceStatus.helpMessage(for: type(of: command)))
        return 2
    }
    // The files are those of the service.
    let report = await UpgradeCheck(
        check.root.common.sources(program: "glance-api", arguments: words, environment: ProcessEnvironment.variables)
    ).run()
    return output(check.json ? report.json + "\n" : report.text) ? report.outcome.rawValue : 255
}

/// Writes to standard output; false when somebody closed it.
private func output(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
        var rest = UnsafeRawBufferPointer(bytes)[...]
        while !rest.isEmpty {
            let count = write(STDOUT_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0 && errno != EINTR { return false }
            rest = rest.dropFirst(max(0, count))
        }
        return true
    }
}

private func complain(_ text: String) {
    let line = text + "\n"
    _ = write(STDERR_FILENO, line, line.utf8.count)
}
