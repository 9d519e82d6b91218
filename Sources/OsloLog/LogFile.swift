import Glibc
import Synchronization

/// A file that lines are appended to. When it has been moved away or deleted, the next line begins a new one.
final class LogFile: LogDestination {
    private struct Open: ~Copyable {
        var descriptor: Int32
        var device: dev_t
        var inode: ino_t

        deinit { close(descriptor) }
    }

    private let path: String
    private let file: Mutex<Open>

    /// - Throws: ``OsloLogError`` if the file can neither be opened nor made.
    init(path: String) throws(OsloLogError) {
        self.path = path
        guard let opened = Self.open(path) else {
            throw OsloLogError("cannot open log file \(path): \(String(cString: strerror(errno)))")
        }
        file = Mutex(opened)
    }

    func write(_ record: LogRecord, line: () -> String) {
        let bytes = Array((line() + "\n").utf8)
        file.withLock { file in
            var status = stat()
            if stat(path, &status) != 0 || status.st_ino != file.inode || status.st_dev != file.device {
                // If that fails, the file that was moved away is still better than nothing.
                if let opened = Self.open(path) { file = opened }
            }
            var rest = bytes[...]
            while !rest.isEmpty {
                // O_APPEND puts a line of any process at the end, unbroken.
                let count = rest.withUnsafeBytes { Glibc.write(file.descriptor, $0.baseAddress, $0.count) }
                if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }
            }
        }
    }

    func reopen() {
        file.withLock { file in
            if let opened = Self.open(path) { file = opened }
        }
    }

    private static func open(_ path: String) -> Open? {
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        if descriptor < 0 { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            close(descriptor)
            return nil
        }
        return Open(descriptor: descriptor, device: status.st_dev, inode: status.st_ino)
    }
}
