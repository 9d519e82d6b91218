import Cryptography
package import ImageStore
package import NIOCore
import NIOPosix
import TextCoding
package import UnifiedLimits

/// What an upload turned out to be.
package struct UploadResult: Sendable, Equatable {
    /// Bytes received.
    package var size: Int64
    /// Bytes of the disk that the data describe; nil where that is unknown.
    package var virtualSize: Int64?
    /// MD5 in hexadecimal.
    package var checksum: String
    package var hashAlgorithm: String
    package var hashValue: String
    /// What the signature of a signed image is of.
    package var signedDigest: [UInt8]?
}

/// Carries a body into a store. Each block of the body goes to the checksum, the multihash, the inspector and the writer
/// at the same time, each of them a task of its own, while the next block is being received.
///
/// The received buffers are passed on as they are. How many blocks exist is limited, so whoever is slowest, disk, processor
/// or client, sets the pace, and memory does not depend on the image's size.
package struct UploadPipeline: Sendable {
    private let hashingAlgorithm: String
    private let executor: ThreadPoolExecutor
    private let memory: UploadMemory

    /// - Parameters:
    ///   - hashingAlgorithm: for the multihash.
    ///   - threadPool: where hashes are computed; as many threads as there are processors is right.
    ///   - memory: bytes for the blocks of all uploads together.
    /// - Throws: ``ServiceError/invalid(_:)`` when libcrypto does not know the algorithm.
    init(hashingAlgorithm: String, threadPool: NIOThreadPool, memory: Int = 32 << 20) throws(ServiceError) {
        _ = try Digest.imageHashSize(hashingAlgorithm)
        self.hashingAlgorithm = hashingAlgorithm
        self.executor = ThreadPoolExecutor(threadPool)
        self.memory = UploadMemory(total: memory)
    }

    /// Runs one upload up to, not including, ``StoreWriter/commit()``.
    ///
    /// - Parameters:
    ///   - limit: bytes allowed; the first byte beyond ends the upload.
    ///   - expectedSize: bytes that the client announced.
    ///   - allowance: what the project's limits have granted, and may grant in addition; nil where there are none.
    ///   - inspector: what finds the virtual size; without one it is unknown.
    ///   - signatureAlgorithm: of a signed image, the hash that the signature is of.
    /// - Throws: ``ServiceError/tooLarge(_:)``, ``ServiceError/invalid(_:)`` for a size that is not the announced one,
    ///   `LimitError`, and whatever the body, the inspector and the writer throw. The writer has been cancelled then.
    package func run<Body: AsyncSequence & Sendable>(
        _ body: Body, into writer: any StoreWriter, limit: Int64, expectedSize: Int64?,
        allowance: UploadAllowance? = nil, inspector: (any ContentInspector)? = nil, signatureAlgorithm: String? = nil
    ) async throws -> UploadResult where Body.Element == ByteBuffer {
        memory.enter()
        defer { memory.leave() }
        do {
            let receiver = UploadReceiver(
                limit: limit, expectedSize: expectedSize, allowance: allowance, memory: memory)
            return try await transfer(body, by: receiver, into: writer, inspector, signatureAlgorithm)
        } catch {
            await writer.cancel()
            throw error
        }
    }

    private func transfer<Body: AsyncSequence & Sendable>(
        _ body: Body, by receiver: UploadReceiver, into writer: any StoreWriter, _ inspector: (any ContentInspector)?,
        _ signatureAlgorithm: String?
    ) async throws -> UploadResult where Body.Element == ByteBuffer {
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            let checksum = UploadLane()
            let multihash = UploadLane()
            let inspection = inspector.map { (inspector: $0, lane: UploadLane()) }
            let signed = signatureAlgorithm.map { (algorithm: $0, lane: UploadLane()) }
            let writing = UploadLane()
            let lanes = [checksum, multihash, writing] + [inspection?.lane, signed?.lane].compactMap { $0 }

            group.addTask { .received(size: try await receiver.receive(body, to: lanes)) }
            group.addTask(executorPreference: executor) {
                .checksum(Hexadecimal.text(try await Self.hash(checksum, "md5")))
            }
            group.addTask(executorPreference: executor) { [hashingAlgorithm] in
                .multihash(Hexadecimal.text(try await Self.hash(multihash, hashingAlgorithm)))
            }
            if let signed {
                group.addTask(executorPreference: executor) {
                    .signed(try await Self.hash(signed.lane, signed.algorithm))
                }
            }
            if let inspection {
                group.addTask(executorPreference: executor) {
                    .inspected(virtualSize: try await Self.inspect(inspection.lane, inspection.inspector))
                }
            }
            group.addTask {
                for await block in writing.blocks { try await writer.write(block.buffers) }
                try Task.checkCancellation()
                return .written
            }

            var result = UploadResult(size: 0, checksum: "", hashAlgorithm: hashingAlgorithm, hashValue: "")
            for try await outcome in group {
                switch outcome {
                case .received(let size): result.size = size
                case .checksum(let hash): result.checksum = hash
                case .multihash(let hash): result.hashValue = hash
                case .signed(let hash): result.signedDigest = hash
                case .inspected(let size): result.virtualSize = size
                case .written: break
                }
            }
            return result
        }
    }

    /// What one of the tasks has to tell in the end.
    private enum Outcome {
        case received(size: Int64)
        case checksum(String)
        case multihash(String)
        case signed([UInt8])
        case inspected(virtualSize: Int64?)
        case written
    }

    private static func hash(_ lane: UploadLane, _ algorithm: String) async throws -> [UInt8] {
        var digest = try Digest(algorithm)
        for await block in lane.blocks {
            for buffer in block.buffers { digest.update(buffer) }
        }
        try Task.checkCancellation()
        return digest.finish()
    }

    private static func inspect(_ lane: UploadLane, _ inspector: any ContentInspector) async throws -> Int64? {
        var size: Int64 = 0
        for await block in lane.blocks {
            for buffer in block.buffers {
                try inspector.consume(buffer)
                size += Int64(buffer.readableBytes)
            }
        }
        try Task.checkCancellation()
        return try inspector.finish(size: size)
    }
}
