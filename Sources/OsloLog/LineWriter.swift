import Glibc

/// Writes whole lines to a descriptor, one write(2) each, without ever making the caller wait for a slow reader.
final class LineWriter: Sendable {
    private let backlog: Backlog

    /// - Parameter descriptor: stays open as long as the writer lives; the writer does not close it.
    convenience init(descriptor: Int32) { self.init(OpenDescriptor(descriptor, isOwned: false)) }

    /// - Parameter file: closed when the writer is gone and its last line is written.
    init(_ file: OpenDescriptor) {
        let descriptor = file.number
        // A file always takes a line at once.
        let isFile = Self.isRegularFile(descriptor)
        backlog = Backlog(
            attempt: { (isFile || Self.takes(descriptor, $0.count)) && Self.write($0, to: descriptor) },
            insist: { Self.writeWaiting($0, to: file.number) },
            lossNotice: { Array("\($0) log lines were lost: nobody read them\n".utf8) })
    }

    func write(_ line: [UInt8]) { backlog.write(line) }

    /// Whether a write of so many bytes returns at once. Pipes report room from PIPE_BUF bytes on, which is 4096.
    private static func takes(_ descriptor: Int32, _ count: Int) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return count <= 4096 && poll(&request, 1, 0) == 1 && request.revents & Int16(POLLOUT) != 0
    }

    static func isRegularFile(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Whether nothing of the line is left to do: it is written, or can never be.
    private static func write(_ line: [UInt8], to descriptor: Int32) -> Bool {
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Only before the first byte can the line be left to the thread.
                if rest.count == line.count { return false }
                wait(descriptor)
            } else if errno != EINTR {
                return true
            }
        }
        return true
    }

    private static func writeWaiting(_ line: [UInt8], to descriptor: Int32) {
        wait(descriptor)
        while !write(line, to: descriptor) { wait(descriptor) }
    }

    private static func wait(_ descriptor: Int32) {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&request, 1, -1)
    }
}

/// A descriptor that is closed, if it is ours, when nobody uses it any more.
final class OpenDescriptor: Sendable {
    let number: Int32
    private let isOwned: Bool

    init(_ number: Int32, isOwned: Bool) {
        self.number = number
        self.isOwned = isOwned
    }

    deinit { if isOwned { close(number) } }
}
