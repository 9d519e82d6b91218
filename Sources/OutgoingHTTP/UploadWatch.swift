import NIOCore
import Synchronization

/// Ends an upload whose server takes nothing for too long.
final class UploadWatch: Sendable {
    private struct State {
        var timer: Scheduled<Void>?
        var isStalled = false
        var cancel: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let eventLoop: any EventLoop
    private let idleTimeout: TimeAmount?

    /// - Parameter idleTimeout: nil waits for ever.
    init(eventLoop: any EventLoop, idleTimeout: TimeAmount?) {
        self.eventLoop = eventLoop
        self.idleTimeout = idleTimeout
    }

    /// Whether the upload was ended.
    var isStalled: Bool { state.withLock { $0.isStalled } }

    /// - Parameter cancel: ends the upload.
    func begin(_ cancel: @escaping @Sendable () -> Void) { state.withLock { $0.cancel = cancel } }

    func serverHasWork() {
        guard let idleTimeout else { return }
        let timer = eventLoop.scheduleTask(in: idleTimeout) { [self] in stall() }
        state.withLock { $0.timer = timer }
    }

    func serverIsReady() {
        state.withLock { state in
            state.timer?.cancel()
            state.timer = nil
        }
    }

    /// The answer has begun, or there will be none.
    func end() {
        serverIsReady()
        state.withLock { $0.cancel = nil }
    }

    private func stall() {
        let cancel = state.withLock { state in
            state.isStalled = state.cancel != nil
            return state.cancel
        }
        cancel?()
    }
}
