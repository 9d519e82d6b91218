import ImageStore
import NIOCore
import NIOPosix
import Synchronization

/// What an upload turned out to be.
struct UploadResult: Sendable, Equatable {
    /// Bytes received.
    var size: Int64
    /// Bytes of the disk that the data describe; nil where that is unknown.
    var virtualSize: Int64?
    /// MD5 in hexadecimal.
    var checksum: String
    var hashAlgorithm: String
    var hashValue: String
}

/// Carries a body into a store: every block goes to the digests and to the writer at the same time, each on a thread of its
/// own, while the next block is being received.
///
/// At most two blocks of an upload are in memory; blocks get smaller when many uploads run.
struct UploadPipeline: Sendable {
    private let hashingAlgorithm: String
    private let threadPool: NIOThreadPool
    private let budget: BlockBudget

    /// - Parameter hashingAlgorithm: for the multihash.
    /// - Throws: ``ServiceError/invalid(_:)`` when libcrypto does not know the algorithm.
    init(hashingAlgorithm: String, threadPool: NIOThreadPool, memory: Int = 32 << 20) throws(ServiceError) {
        _ = try Digest(hashingAlgorithm)
        self.hashingAlgorithm = hashingAlgorithm
        self.threadPool = threadPool
        self.budget = BlockBudget(total: memory)
    }

    /// Runs one upload up to, not including, ``StoreWriter/commit()``.
    ///
    /// - Parameters:
    ///   - limit: bytes allowed; the first byte beyond ends the upload.
    ///   - expectedSize: bytes that the client announced.
    /// - Throws: ``ServiceError/tooLarge(_:)``, ``ServiceError/invalid(_:)`` for a size that is not the announced one, and
    ///   whatever the body and the writer throw. The caller cancels the writer.
    func run<Body: AsyncSequence & Sendable>(
        _ body: Body, into writer: any StoreWriter, limit: Int64, expectedSize: Int64?
    ) async throws -> UploadResult where Body.Element == ByteBuffer {
        let digests = (checksum: try Digest("md5"), multihash: try Digest(hashingAlgorithm))
        budget.enter()
        defer { budget.leave() }
        var iterator = body.makeAsyncIterator()
        var size: Int64 = 0
        var block = try await receive(from: &iterator)
        while !block.isEmpty {
            size += block.reduce(0) { $0 + Int64($1.readableBytes) }
            if size > limit {
                throw ServiceError.tooLarge("The image is larger than the \(limit) bytes that are allowed.")
            }
            if let expectedSize, size > expectedSize { throw Self.mismatch(expectedSize, got: "more") }
            let current = block
            async let processed: Void = process(current, digests.checksum, digests.multihash, writer)
            block = try await receive(from: &iterator)
            try await processed
        }
        if let expectedSize, size != expectedSize { throw Self.mismatch(expectedSize, got: "\(size) bytes") }
        return UploadResult(
            size: size, virtualSize: size, checksum: digests.checksum.finish(), hashAlgorithm: hashingAlgorithm,
            hashValue: digests.multihash.finish())
    }

    private static func mismatch(_ expected: Int64, got: String) -> ServiceError {
        .invalid("Size mismatch: expected \(expected) bytes, got \(got)")
    }

    /// The next block: as many of the received buffers as fit, none of them copied. Empty at the end.
    private func receive<Iterator: AsyncIteratorProtocol>(
        from iterator: inout Iterator
    ) async throws -> [ByteBuffer] where Iterator.Element == ByteBuffer {
        var block: [ByteBuffer] = []
        var count = 0
        let size = budget.blockSize
        while count < size, let buffer = try await iterator.next(isolation: #isolation) {
            if buffer.readableBytes == 0 { continue }
            count += buffer.readableBytes
            block.append(buffer)
        }
        return block
    }

    private func process(
        _ block: [ByteBuffer], _ checksum: Digest, _ multihash: Digest, _ writer: any StoreWriter
    ) async throws {
        async let first: Void = threadPool.runIfActive { block.forEach(checksum.update) }
        async let second: Void = threadPool.runIfActive { block.forEach(multihash.update) }
        for buffer in block { try await writer.write(buffer) }
        _ = try await (first, second)
    }
}

/// Shares a fixed amount of memory among the uploads that run.
private final class BlockBudget: Sendable {
    private let total: Int
    private let running = Mutex(0)

    init(total: Int) { self.total = total }

    func enter() { running.withLock { $0 += 1 } }
    func leave() { running.withLock { $0 -= 1 } }

    /// Bytes of one block: two of them, of every upload, fit into the total.
    var blockSize: Int {
        let uploads = max(1, running.withLock { $0 })
        return min(1 << 20, max(64 << 10, total / (2 * uploads)))
    }
}
