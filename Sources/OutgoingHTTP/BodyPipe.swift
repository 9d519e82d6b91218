public import NIOCore
import Synchronization

/// The body of a request, fed piece by piece: who writes waits until there is room, who reads until there is a piece.
public final class BodyPipe: AsyncSequence, Sendable {
    public typealias Element = ByteBuffer

    /// Why a body ends without being complete.
    public struct Broken: Error {}

    private enum End {
        /// The body is complete.
        case complete
        /// The request is to end without it.
        case aborted
        /// Nobody reads any more.
        case closed
    }

    private struct State {
        var pieces: [ByteBuffer] = []
        var bytes = 0
        var end: End?
        /// Whether the end came before all pieces were read.
        var isCutOff = false
        var isRead = false
        var reader: CheckedContinuation<Void, Never>?
        var writer: CheckedContinuation<Void, Never>?
    }

    /// Bytes that may wait.
    private static let room = 256 << 10

    private let state = Mutex(State())

    public init() {}

    /// Whether anybody has asked for the first piece: then the server may know of the request.
    public var isRead: Bool { state.withLock { $0.isRead } }

    /// Hands a piece on; returns when there is room for another.
    ///
    /// - Returns: false when nobody has read it, or will: the request has ended. A server that knows the length may answer as soon
    ///   as it has the last piece.
    public func write(_ piece: ByteBuffer) async -> Bool {
        let (isOpen, reader) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
            guard state.end == nil else { return (false, nil) }
            guard piece.readableBytes > 0 else { return (true, nil) }
            state.pieces.append(piece)
            state.bytes += piece.readableBytes
            defer { state.reader = nil }
            return (true, state.reader)
        }
        guard isOpen else { return false }
        reader?.resume()
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if state.end != nil || state.bytes < Self.room { return true }
                state.writer = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
        return state.withLock { !$0.isCutOff }
    }

    /// The body is complete.
    public func finish() { end(.complete) }

    /// The request is to fail.
    public func abort() { end(.aborted) }

    /// Nobody will read any more.
    public func close() { end(.closed) }

    private func end(_ end: End) {
        let (reader, writer) = state.withLock { state in
            // What is complete can no longer be aborted, and what is closed has no reader.
            if state.end == nil { state.end = end }
            if state.end != .complete {
                state.isCutOff = state.isCutOff || !state.pieces.isEmpty
                state.pieces = []
                state.bytes = 0
            }
            defer { (state.reader, state.writer) = (nil, nil) }
            return (state.reader, state.writer)
        }
        reader?.resume()
        writer?.resume()
    }

    private enum Step {
        case piece(ByteBuffer, writer: CheckedContinuation<Void, Never>?)
        case ended
        case broken
        case wait
    }

    private func next() async throws -> ByteBuffer? {
        while true {
            let step: Step = state.withLock { state in
                state.isRead = true
                if !state.pieces.isEmpty {
                    let piece = state.pieces.removeFirst()
                    state.bytes -= piece.readableBytes
                    guard state.bytes < Self.room else { return .piece(piece, writer: nil) }
                    defer { state.writer = nil }
                    return .piece(piece, writer: state.writer)
                }
                switch state.end {
                case nil: return .wait
                case .complete: return .ended
                case .aborted, .closed: return .broken
                }
            }
            switch step {
            case .piece(let piece, let writer):
                writer?.resume()
                return piece
            case .ended: return nil
            case .broken: throw Broken()
            case .wait:
                await withCheckedContinuation { continuation in
                    let isReady = state.withLock { state in
                        if !state.pieces.isEmpty || state.end != nil { return true }
                        state.reader = continuation
                        return false
                    }
                    if isReady { continuation.resume() }
                }
            }
        }
    }

    public func makeAsyncIterator() -> Iterator { Iterator(pipe: self) }

    public struct Iterator: AsyncIteratorProtocol {
        let pipe: BodyPipe

        public mutating func next() async throws -> ByteBuffer? { try await pipe.next() }
    }
}
