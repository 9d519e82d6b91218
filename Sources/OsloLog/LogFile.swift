import Glibc
import Synchronization

/// A file that lines are appended to. When it has been moved away or deleted, the next write begins a new one.
///
/// What is no regular file (`/dev/stdout` of a container, a pipe, a terminal) may have a slow reader, and gets its lines as
/// standard error does: by a backlog that never makes the caller wait.
final class LogFile: LogDestination {
    private struct Open {
        let file: OpenDescriptor
        let device: dev_t
        let inode: ino_t
        /// For what is no regular file.
        let writer: LineWriter?
    }

    private struct State {
        var file: Open
        /// Lines that are to be written together.
        var gathered: [UInt8] = []
    }

    private let path: String
    private let state: Mutex<State>
    /// Bytes of lines that wait for others, at most.
    static let gatheredLimit = 64 << 10

    /// - Throws: ``OsloLogError`` if the file can neither be opened nor made.
    init(path: String) throws(OsloLogError) {
        self.path = path
        guard let opened = Self.open(path, waits: true) else {
            throw OsloLogError("cannot open log file \(path): \(String(cString: strerror(errno)))")
        }
        state = Mutex(State(file: opened))
    }

    deinit { writeGathered() }

    func write(_ record: LogRecord, line: () -> String) {
        let line = line()
        state.withLock { state in
            state.gathered.append(contentsOf: line.utf8)
            state.gathered.append(UInt8(ascii: "\n"))
            // A slow reader gets lines one by one, and takes as many as it can.
            let mayWait = record.isGathered && state.file.writer == nil
            if !mayWait || state.gathered.count > Self.gatheredLimit { write(&state) }
        }
    }

    func writeGathered() {
        state.withLock { state in
            if !state.gathered.isEmpty { write(&state) }
        }
    }

    func reopen() {
        state.withLock { state in
            if let opened = Self.open(path) { state.file = opened }
        }
    }

    private func write(_ state: inout State) {
        var status = stat()
        if stat(path, &status) != 0 || status.st_ino != state.file.inode || status.st_dev != state.file.device {
            // If that fails, the file that was moved away is still better than nothing.
            if let opened = Self.open(path) { state.file = opened }
        }
        defer { state.gathered.removeAll(keepingCapacity: true) }
        if let writer = state.file.writer { return writer.write(state.gathered) }
        var rest = state.gathered[...]
        while !rest.isEmpty {
            // O_APPEND puts lines of any process at the end, unbroken.
            let count = rest.withUnsafeBytes { Glibc.write(state.file.file.number, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }
        }
    }

    /// - Parameter waits: whether to wait for the reader of a named pipe; else it counts as a file that can't be opened.
    private static func open(_ path: String, waits: Bool = false) -> Open? {
        let descriptor = openOrMake(path, waits ? 0 : O_NONBLOCK)
        if descriptor < 0 { return nil }
        let file = OpenDescriptor(descriptor, isOwned: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        return Open(
            file: file, device: status.st_dev, inode: status.st_ino,
            writer: LineWriter.isRegularFile(descriptor) ? nil : LineWriter(file))
    }

    /// A file that root makes goes to the owner of its directory. Otherwise a command that root runs before the service has
    /// ever been started would leave a log that the service's user may not write to.
    private static func openOrMake(_ path: String, _ flags: Int32) -> Int32 {
        let flags = flags | O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC
        if geteuid() == 0 {
            // Only one that is new, and no link: nothing else may change hands.
            let made = Glibc.open(path, flags | O_EXCL, 0o640)
            if made >= 0 {
                var directory = stat()
                if stat(directoryName(of: path), &directory) == 0, directory.st_uid != 0 {
                    _ = fchown(made, directory.st_uid, directory.st_gid)
                }
                return made
            }
        }
        return Glibc.open(path, flags, 0o640)
    }

    private static func directoryName(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
