import NIOCore
import Synchronization

/// A part of an upload on its way: as many of the received buffers as make one piece of work.
///
/// Holds its place in the window until nobody has the block any more, that is, until its memory is free.
final class UploadBlock: Sendable {
    let buffers: [ByteBuffer]
    private let window: UploadWindow

    /// - Parameter window: where ``UploadWindow/enter()`` has been called for this block.
    init(_ buffers: [ByteBuffer], in window: UploadWindow) {
        self.buffers = buffers
        self.window = window
    }

    deinit { window.leave() }
}

/// Limits how many blocks of one upload exist. One task enters.
final class UploadWindow: Sendable {
    private struct State {
        var free: Int
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>

    init(size: Int) { state = Mutex(State(free: size)) }

    /// Waits for a free place and takes it.
    ///
    /// - Throws: `CancellationError`.
    func enter() async throws {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isFree = state.withLock { state in
                    if state.free > 0 || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isFree { continuation.resume() }
            }
        } onCancel: {
            wake { _ in }
        }
        try Task.checkCancellation()
        state.withLock { $0.free -= 1 }
    }

    func leave() {
        wake { $0.free += 1 }
    }

    private func wake(_ change: (inout sending State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
