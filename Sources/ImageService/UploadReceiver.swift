import NIOCore
import UnifiedLimits

/// Makes blocks of a received body and watches its size.
struct UploadReceiver: Sendable {
    /// Bytes allowed.
    let limit: Int64
    /// Bytes that the client announced.
    let expectedSize: Int64?
    /// What the project's limits allow.
    let allowance: UploadAllowance?
    let memory: UploadMemory

    /// Receives all of `body` and sends its blocks to every lane.
    ///
    /// - Returns: bytes received.
    /// - Throws: ``ServiceError/tooLarge(_:)``, ``ServiceError/invalid(_:)`` for a size that is not the announced one,
    ///   `LimitError`, `CancellationError`, and what the body throws.
    func receive<Body: AsyncSequence>(
        _ body: Body, to lanes: [UploadLane]
    ) async throws -> Int64 where Body.Element == ByteBuffer {
        let window = UploadWindow(size: UploadMemory.blocksInFlight)
        var block = Collector()
        var size: Int64 = 0
        var claimed = allowance?.claimed ?? .max
        for try await buffer in body {
            size += Int64(buffer.readableBytes)
            if size > limit {
                throw ServiceError.tooLarge("The image is larger than the \(limit) bytes that are allowed.")
            }
            if let expectedSize, size > expectedSize { throw mismatch(expectedSize, size) }
            if let allowance, size > claimed { claimed = try await allowance.extend(to: size, from: claimed) }
            block.append(buffer)
            if block.count >= memory.blockSize { try await send(&block, to: lanes, window) }
        }
        // Sequences also end when their reader is cancelled; that is not the end of the image.
        try Task.checkCancellation()
        if let expectedSize, size != expectedSize { throw mismatch(expectedSize, size) }
        if block.count > 0 { try await send(&block, to: lanes, window) }
        for lane in lanes { lane.end() }
        return size
    }

    private func mismatch(_ expected: Int64, _ size: Int64) -> ServiceError {
        .invalid("Size mismatch: expected \(expected) bytes, got \(size) bytes")
    }

    private func send(_ block: inout Collector, to lanes: [UploadLane], _ window: UploadWindow) async throws {
        try await window.enter()
        let full = UploadBlock(block.buffers, in: window)
        block = Collector()
        for lane in lanes { lane.send(full) }
    }

    /// Buffers of a block that is being received.
    private struct Collector {
        private(set) var buffers: [ByteBuffer] = []
        private(set) var count = 0
        /// Whether the last buffer is our own and can be appended to.
        private var isLastOwn = false

        /// Keeps the buffer itself, unless most of its memory is empty: a slow client's many small packets would hold many
        /// times their size, so they are copied together.
        mutating func append(_ buffer: ByteBuffer) {
            if buffer.readableBytes == 0 { return }
            count += buffer.readableBytes
            if buffer.readableBytes >= buffer.storageCapacity / 2 {
                buffers.append(buffer)
                isLastOwn = false
            } else if isLastOwn {
                buffers[buffers.count - 1].writeImmutableBuffer(buffer)
            } else {
                buffers.append(ByteBuffer(bytes: buffer.readableBytesView))
                isLastOwn = true
            }
        }
    }
}
