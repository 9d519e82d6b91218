import ArgumentParser
import CommandOptions
import Glibc

/// One executable under four names: `glance-cache-manage`, and links to it that do one round of what the cache's process does.
@main
enum CacheCommands {
    static func main() {
        let name = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? ""
        let command: any CacheCommand.Type =
            switch name {
            case Prefetcher.program: Prefetcher.self
            case Pruner.program: Pruner.self
            case Cleaner.program: Cleaner.self
            default: Manage.self
            }
        command.start()
    }
}

/// A program that ends with a status.
protocol CacheCommand: ParsableCommand, Sendable {
    static var program: String { get }

    /// Returns the exit status.
    func execute() async throws -> Int32
}

extension CacheCommand {
    /// Never returns.
    fileprivate static func start() {
        do {
            let command = try parse()
            Task.detached {
                do {
                    Glibc.exit(try await command.execute())
                } catch {
                    complain("ERROR: \(error)")
                    Glibc.exit(1)
                }
            }
            while true { pause() }
        } catch {
            if exitCode(for: error) == .success { exit(withError: error) }
            complain(fullMessage(for: error))
            Glibc.exit(2)
        }
    }
}

/// Writes a line to standard error.
func complain(_ text: String) {
    let line = text + "\n"
    _ = write(STDERR_FILENO, line, line.utf8.count)
}
