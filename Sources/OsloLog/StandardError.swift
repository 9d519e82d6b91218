import Glibc
import Synchronization

/// Standard error of the process.
struct StandardError: LogDestination {
    private static let writer = LineWriter(descriptor: STDERR_FILENO)
    /// A file takes any number of lines at once; what reads a pipe gets them one by one, and may be slow.
    private static let isFile = LineWriter.isRegularFile(STDERR_FILENO)
    private static let gathered = Mutex<[UInt8]>([])

    func write(_ record: LogRecord, line: () -> String) {
        let line = line()
        Self.gathered.withLock { gathered in
            gathered.append(contentsOf: line.utf8)
            gathered.append(UInt8(ascii: "\n"))
            if !record.isGathered || !Self.isFile || gathered.count > LogFile.gatheredLimit { Self.write(&gathered) }
        }
    }

    func writeGathered() {
        Self.gathered.withLock { gathered in
            if !gathered.isEmpty { Self.write(&gathered) }
        }
    }

    func reopen() {}

    private static func write(_ gathered: inout [UInt8]) {
        writer.write(gathered)
        gathered.removeAll(keepingCapacity: true)
    }
}
