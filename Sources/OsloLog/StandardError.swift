import Glibc

/// Standard error of the process.
struct StandardError: LogDestination {
    private static let writer = LineWriter(descriptor: STDERR_FILENO)

    func write(_ record: LogRecord, line: () -> String) { Self.writer.write(Array((line() + "\n").utf8)) }

    func reopen() {}
}
