import Glibc
import Synchronization

/// Writes whole lines to a descriptor, one write(2) each, without ever making the caller wait for a slow reader.
///
/// As long as the descriptor takes a line at once the caller writes it itself. When it does not (a full pipe), lines
/// are kept, up to a limit, and a thread of the writer's own waits in the callers' place.
final class LineWriter: Sendable {
    private struct State {
        var backlog: [[UInt8]] = []
        var backlogBytes = 0
        var lost = 0
        var isDraining = false
    }

    /// Bytes that may wait for a slow reader in each process.
    private static let limit = 1 << 20

    private let descriptor: Int32
    private let state = Mutex(State())

    /// - Parameter descriptor: stays open as long as the writer lives; the writer does not close it.
    init(descriptor: Int32) { self.descriptor = descriptor }

    func write(_ line: [UInt8]) {
        let startDraining = state.withLock { state in
            if !state.isDraining, Self.takes(descriptor, line.count), Self.write(line, to: descriptor) { return false }
            if state.backlogBytes + line.count > Self.limit {
                state.lost += 1
                return false
            }
            state.backlog.append(line)
            state.backlogBytes += line.count
            defer { state.isDraining = true }
            return !state.isDraining
        }
        if startDraining { DetachedThread.start { self.drain() } }
    }

    /// Writes what waits until nothing does. Runs on a thread of its own.
    private func drain() {
        while true {
            let lines = state.withLock { state in
                var lines = state.backlog
                if state.lost > 0 { lines.append(Array("\(state.lost) log lines were lost: nobody read them\n".utf8)) }
                if lines.isEmpty { state.isDraining = false }
                state.backlog = []
                state.backlogBytes = 0
                state.lost = 0
                return lines
            }
            if lines.isEmpty { return }
            for line in lines { Self.writeWaiting(line, to: descriptor) }
        }
    }

    /// Whether a write of so many bytes returns at once. Pipes report room from PIPE_BUF bytes on, which is 4096.
    private static func takes(_ descriptor: Int32, _ count: Int) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&request, 1, 0) == 1, request.revents & Int16(POLLOUT) != 0 else { return false }
        if count <= 4096 { return true }
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
