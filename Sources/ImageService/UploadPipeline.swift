import Cryptography
package import ImageFormat
package import ImageStore
package import NIOCore
import NIOPosix
import TextCoding
package import UnifiedLimits

/// What an upload turned out to be.
package struct UploadResult: Sendable, Equatable {
    /// Bytes received.
    package var size: Int64
    /// MD5 in hexadecimal.
    package var checksum: String
    package var hashAlgorithm: String
    package var hashValue: String
    /// What the signature of a signed image is of.
    package var signedDigest: [UInt8]?
    /// What the data are, where they were looked at.
    package var content: ImageContent?

    package init(
        size: Int64, checksum: String, hashAlgorithm: String, hashValue: String, signedDigest: [UInt8]? = nil,
        content: ImageContent? = nil
    ) {
        self.size = size
        self.checksum = checksum
        self.hashAlgorithm = hashAlgorithm
        self.hashValue = hashValue
        self.signedDigest = signedDigest
        self.content = content
    }
}

/// Carries a body into a store. Each block of the body goes to the checksum, the multihash and the writer
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
    ///   - inspection: looks at the bytes as they are written, which costs next to nothing behind the headers.
    ///   - signatureAlgorithm: of a signed image, the hash that the signature is of.
    /// - Throws: ``ServiceError/tooLarge(_:)``, ``ServiceError/invalid(_:)`` for a size that is not the announced one,
    ///   `LimitError`, and whatever the body and the writer throw. The writer has been cancelled then.
    package func run<Body: AsyncSequence & Sendable>(
        _ body: Body, into writer: any StoreWriter, limit: Int64, expectedSize: Int64?,
        allowance: UploadAllowance? = nil, inspection: ContentInspection? = nil, signatureAlgorithm: String? = nil
    ) async throws -> UploadResult where Body.Element == ByteBuffer {
        memory.enter()
        defer { memory.leave() }
        do {
            let receiver = UploadReceiver(
                limit: limit, expectedSize: expectedSize, allowance: allowance, memory: memory)
            return try await transfer(body, by: receiver, into: writer, inspection, signatureAlgorithm)
        } catch {
            await writer.cancel()
            throw error
        }
    }

    private func transfer<Body: AsyncSequence & Sendable>(
        _ body: Body, by receiver: UploadReceiver, into writer: any StoreWriter, _ inspection: ContentInspection?,
        _ signatureAlgorithm: String?
    ) async throws -> UploadResult where Body.Element == ByteBuffer {
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            let checksum = UploadLane()
            let multihash = UploadLane()
            let signed = signatureAlgorithm.map { (algorithm: $0, lane: UploadLane()) }
            let writing = UploadLane()
            let lanes = [checksum, multihash, writing] + [signed?.lane].compactMap { $0 }

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
            group.addTask {
                var inspection = inspection
                for await block in writing.blocks {
                    for buffer in block.buffers { buffer.withUnsafeReadableBytes { inspection?.consume($0) } }
                    try await writer.write(block.buffers)
                }
                try Task.checkCancellation()
                return .written(inspection?.finish())
            }

            var result = UploadResult(size: 0, checksum: "", hashAlgorithm: hashingAlgorithm, hashValue: "")
            for try await outcome in group {
                switch outcome {
                case .received(let size): result.size = size
                case .checksum(let hash): result.checksum = hash
                case .multihash(let hash): result.hashValue = hash
                case .signed(let hash): result.signedDigest = hash
                case .written(let content): result.content = content
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
        case written(ImageContent?)
    }

    private static func hash(_ lane: UploadLane, _ algorithm: String) async throws -> [UInt8] {
        var digest = try Digest(algorithm)
        for await block in lane.blocks {
            for buffer in block.buffers { digest.update(buffer) }
        }
        try Task.checkCancellation()
        return digest.finish()
    }
}
