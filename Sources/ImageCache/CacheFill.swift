import Synchronization

/// How far the one fill of an image in this process is, and who waits for it.
final class CacheFill: Sendable {
    enum Outcome: Equatable {
        case published, failed
    }

    private struct State {
        var file: FillFile?
        var written: Int64 = 0
        /// Whether readers may have the last bytes although the file is not published yet.
        var isReleased = false
        var outcome: Outcome?
        var readers = 0
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]

        mutating func wake() -> [CheckedContinuation<Void, Never>] {
            defer { waiters = [:] }
            return Array(waiters.values)
        }
    }

    /// Bytes of the image.
    let size: Int64
    /// Bytes at the end that readers get when the file is published, so that who has the whole image finds it in the cache.
    private static let tail: Int64 = 1 << 16
    private let state = Mutex(State())

    init(size: Int64) { self.size = size }

    // MARK: Who fills

    func start(_ file: FillFile) { change { $0.file = file } }

    /// - Returns: false when nobody reads any more.
    func advance(to written: Int64) -> Bool {
        change { $0.written = written }
        return state.withLock { $0.readers > 0 }
    }

    func release() { change { $0.isReleased = true } }

    func finish(_ outcome: Outcome) { change { if $0.outcome == nil { $0.outcome = outcome } } }

    private func change(_ body: (inout State) -> Void) {
        let waiters = state.withLock { state in
            body(&state)
            return state.wake()
        }
        for waiter in waiters { waiter.resume() }
    }

    // MARK: Who reads

    func join() { state.withLock { $0.readers += 1 } }
    func leave() { state.withLock { $0.readers -= 1 } }

    /// Waits for the begin.
    ///
    /// - Returns: false when it has failed.
    func started() async -> Bool {
        await wait { $0.outcome == .failed ? false : $0.file == nil ? nil : true } ?? false
    }

    /// Waits for bytes beyond `offset`.
    ///
    /// - Returns: the file and how far it can be read; nil when there will be no more.
    func available(beyond offset: Int64) async -> (file: FillFile, end: Int64)? {
        let size = size
        let result: (FillFile, Int64)?? = await wait { state in
            guard let file = state.file else { return state.outcome == .failed ? .some(nil) : nil }
            let isFree = state.outcome == .published || state.isReleased
            let end = isFree ? state.written : min(state.written, size - min(Self.tail, size))
            if end > offset { return .some((file, end)) }
            return state.outcome == nil ? nil : .some(nil)
        }
        return result ?? nil
    }

    /// The outcome, when it is there.
    func ended() async -> Outcome { await wait { $0.outcome } ?? .failed }

    /// Waits until `look` finds something, or the task is cancelled.
    private func wait<Value>(_ look: (borrowing State) -> Value?) async -> Value? {
        while true {
            if let value = state.withLock({ look($0) }) { return value }
            if Task.isCancelled { return nil }
            let number = state.withLock { state in
                state.nextWaiter += 1
                return state.nextWaiter
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    // What has changed since the look must not be missed.
                    let isOver = state.withLock { state in
                        if look(state) != nil || Task.isCancelled { return true }
                        state.waiters[number] = continuation
                        return false
                    }
                    if isOver { continuation.resume() }
                }
            } onCancel: {
                state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
            }
        }
    }
}
