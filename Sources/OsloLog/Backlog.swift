import Synchronization
import Threads

/// Lines on their way to a reader who may be slow, without ever making the caller wait for it.
///
/// As long as the reader takes a line at once, the caller hands it over itself. When it does not, lines are kept, up to a
/// limit, and a thread of the backlog's own waits in the callers' place.
final class Backlog: Sendable {
    private struct State {
        var waiting: [[UInt8]] = []
        var waitingBytes = 0
        var lost = 0
        var isDraining = false
    }

    /// Bytes that may wait for a slow reader in each process.
    private static let limit = 1 << 20

    private let attempt: @Sendable ([UInt8]) -> Bool
    private let insist: @Sendable ([UInt8]) -> Void
    private let lossNotice: @Sendable (Int) -> [UInt8]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - attempt: hands a line over without waiting; false when the reader can't take it now.
    ///   - insist: hands a line over, however long that takes.
    ///   - lossNotice: a line that says how many lines were lost.
    init(
        attempt: @escaping @Sendable ([UInt8]) -> Bool, insist: @escaping @Sendable ([UInt8]) -> Void,
        lossNotice: @escaping @Sendable (Int) -> [UInt8]
    ) {
        self.attempt = attempt
        self.insist = insist
        self.lossNotice = lossNotice
    }

    func write(_ line: [UInt8]) {
        let startDraining = state.withLock { state in
            if !state.isDraining, attempt(line) { return false }
            if state.waitingBytes + line.count > Self.limit {
                state.lost += 1
                return false
            }
            state.waiting.append(line)
            state.waitingBytes += line.count
            defer { state.isDraining = true }
            return !state.isDraining
        }
        guard startDraining else { return }
        do throws(ThreadError) {
            try DetachedThread.start("log") { self.drain() }
        } catch {
            // The next line tries again.
            state.withLock { $0.isDraining = false }
        }
    }

    /// Hands over what waits until nothing does. Runs on a thread of its own.
    private func drain() {
        while true {
            let lines = state.withLock { state in
                var lines = state.waiting
                if state.lost > 0 { lines.append(lossNotice(state.lost)) }
                if lines.isEmpty { state.isDraining = false }
                state.waiting = []
                state.waitingBytes = 0
                state.lost = 0
                return lines
            }
            if lines.isEmpty { return }
            for line in lines { insist(line) }
        }
    }
}
