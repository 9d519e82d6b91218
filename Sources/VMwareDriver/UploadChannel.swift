import NIOCore
import Synchronization

/// Hands buffers from a writer to the request that sends them, one at a time: a writer goes on when its buffer has been taken.
final class UploadChannel: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    struct Aborted: Error {}

    private struct State {
        var waiting: CheckedContinuation<ByteBuffer?, any Error>?
        var offered: (buffer: ByteBuffer, taken: CheckedContinuation<Bool, Never>)?
        /// What the receiver gets when nothing is offered.
        var end: Result<Void, Aborted>?
        var hasReceiver = true
        /// Whether the receiver has asked for anything: then the server knows of the request.
        var hasBegun = false
    }

    private let state = Mutex(State())

    /// Whether the receiver has asked for the first buffer.
    var hasBegun: Bool { state.withLock { $0.hasBegun } }

    /// Waits until the buffer has been taken.
    ///
    /// - Returns: false when nobody takes any more.
    func send(_ buffer: ByteBuffer) async -> Bool {
        await withCheckedContinuation { taken in
            state.withLock { state in
                guard state.hasReceiver, state.end == nil else { return taken.resume(returning: false) }
                if let waiting = state.waiting {
                    state.waiting = nil
                    waiting.resume(returning: buffer)
                    taken.resume(returning: true)
                } else {
                    state.offered = (buffer, taken)
                }
            }
        }
    }

    /// The last buffer has been sent.
    func finish() { end(.success(())) }

    /// The request is to be broken off.
    func abort() { end(.failure(Aborted())) }

    private func end(_ end: Result<Void, Aborted>) {
        state.withLock { state in
            guard state.end == nil else { return }
            state.end = end
            if let waiting = state.waiting {
                state.waiting = nil
                waiting.resume(with: Self.last(end))
            }
            if case .failure = end, let offered = state.offered {
                state.offered = nil
                offered.taken.resume(returning: false)
            }
        }
    }

    private static func last(_ end: Result<Void, Aborted>) -> Result<ByteBuffer?, any Error> {
        end.map { nil }.mapError { $0 }
    }

    /// The request has ended; nobody takes any more.
    func leave() {
        state.withLock { state in
            state.hasReceiver = false
            state.offered?.taken.resume(returning: false)
            state.offered = nil
            state.waiting?.resume(throwing: Aborted())
            state.waiting = nil
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(channel: self) }

    struct Iterator: AsyncIteratorProtocol {
        let channel: UploadChannel

        func next() async throws -> ByteBuffer? { try await channel.next() }
    }

    private func next() async throws -> ByteBuffer? {
        try await withCheckedThrowingContinuation { continuation in
            state.withLock { state in
                state.hasBegun = true
                if let offered = state.offered {
                    state.offered = nil
                    offered.taken.resume(returning: true)
                    continuation.resume(returning: offered.buffer)
                } else if let end = state.end {
                    continuation.resume(with: Self.last(end))
                } else if state.hasReceiver {
                    state.waiting = continuation
                } else {
                    continuation.resume(throwing: Aborted())
                }
            }
        }
    }
}
