import Glibc
import Logging

/// Standard error of the process.
struct StandardError: LogDestination {
    private static let writer = LineWriter(descriptor: STDERR_FILENO)

    func write(_ line: String, level: Logger.Level) { Self.writer.write(Array((line + "\n").utf8)) }

    func reopen() {}
}
