import Cryptography
import Foundation
import ImageFormat
import ImageStore
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import ImageService

@Suite struct UploadPipelineTests {
    private func pipeline(_ algorithm: String = "sha512", memory: Int = 32 << 20) throws -> UploadPipeline {
        try UploadPipeline(hashingAlgorithm: algorithm, threadPool: ServiceHarness.threadPool, memory: memory)
    }

    private func hash(_ algorithm: String, _ bytes: [UInt8]) throws -> String {
        var digest = try Digest(algorithm)
        digest.update(ByteBuffer(bytes: bytes))
        return digest.hexadecimal()
    }

    /// A body of the given buffers.
    private func body(_ buffers: [ByteBuffer]) -> AsyncStream<ByteBuffer> {
        AsyncStream { continuation in
            for buffer in buffers { continuation.yield(buffer) }
            continuation.finish()
        }
    }

    // MARK: What arrives

    @Test(arguments: [0, 1, 65_535, 65_536, 5_000_001], ["sha512", "sha256", "md5"])
    func hashesAndStoresTheSameBytes(_ size: Int, _ algorithm: String) async throws {
        let bytes = Noise.bytes(size, seed: 1)
        for chunk in [997, 65_536, 3_000_000] where size / chunk < 6000 {
            let writer = RecordingWriter()
            let body = ServiceHarness.chunks(of: bytes, by: chunk)
            let result = try await pipeline(algorithm).run(
                body, into: writer, limit: .max, expectedSize: Int64(size))
            #expect(writer.bytes == bytes)
            #expect(!writer.isCancelled)
            #expect(
                result
                    == UploadResult(
                        size: Int64(size), checksum: try hash("md5", bytes),
                        hashAlgorithm: algorithm, hashValue: try hash(algorithm, bytes)))
        }
    }

    /// Buffers as a network gives them: of all sizes, empty ones, small slices of large memory.
    @Test func keepsTheOrderOfAnyBuffers() async throws {
        let bytes = Noise.bytes(2_000_000, seed: 2)
        var buffers: [ByteBuffer] = []
        var start = 0
        while start < bytes.count {
            let count = min([0, 1, 3, 1500, 9000, 65_536, 200_000].randomElement() ?? 1, bytes.count - start)
            var buffer = ByteBufferAllocator().buffer(capacity: [count, 4 * count, 65_536].randomElement() ?? 0)
            buffer.writeBytes(bytes[start..<start + count])
            buffers.append(buffer)
            start += count
        }
        let writer = RecordingWriter()
        let result = try await pipeline(memory: 1 << 20).run(
            body(buffers), into: writer, limit: .max, expectedSize: nil)
        #expect(writer.bytes == bytes)
        #expect(result.checksum == (try hash("md5", bytes)))
    }

    @Test func runsManyUploadsSideBySide() async throws {
        let pipeline = try pipeline(memory: 1 << 20)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in 0..<32 as Range<UInt64> {
                group.addTask {
                    let bytes = Noise.bytes(700_000 + Int(seed), seed: seed)
                    let writer = RecordingWriter()
                    let result = try await pipeline.run(
                        ServiceHarness.chunks(of: bytes), into: writer, limit: .max, expectedSize: nil)
                    #expect(writer.bytes == bytes)
                    #expect(result.hashValue == (try hash("sha512", bytes)))
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func refusesAnUnknownAlgorithmAtOnce() {
        #expect(throws: ServiceError.invalid("'sha5' is not a hash algorithm of this system's libcrypto.")) {
            try pipeline("sha5")
        }
    }

    // MARK: Sizes

    @Test(arguments: [0, 1, 1000, 70_000, 2_500_000])
    func allowsTheLimitAndNotAByteMore(_ size: Int) async throws {
        let bytes = [UInt8](repeating: 1, count: size)
        let writer = RecordingWriter()
        let result = try await pipeline().run(
            ServiceHarness.chunks(of: bytes, by: 999), into: writer, limit: Int64(size), expectedSize: nil)
        #expect(result.size == Int64(size))

        let refused = RecordingWriter()
        await #expect(
            throws: ServiceError.tooLarge("The image is larger than the \(size) bytes that are allowed.")
        ) {
            try await pipeline().run(
                ServiceHarness.chunks(of: bytes + [1], by: 999), into: refused, limit: Int64(size), expectedSize: nil)
        }
        #expect(refused.isCancelled)
        #expect(refused.count <= size)
    }

    @Test(arguments: [(0, 1), (999, 1000), (1000, 0), (1001, 1000), (3_000_000, 2_999_999), (2_999_999, 3_000_000)])
    func refusesAnotherSizeThanAnnounced(_ size: Int, _ announced: Int64) async throws {
        let writer = RecordingWriter()
        let buffers = body([ByteBuffer(repeating: 1, count: size)])
        await #expect(
            throws: ServiceError.invalid("Size mismatch: expected \(announced) bytes, got \(size) bytes")
        ) {
            try await pipeline().run(buffers, into: writer, limit: .max, expectedSize: announced)
        }
        #expect(writer.isCancelled)
    }

    /// A body that never ends must not be read any further.
    @Test func stopsReadingBeyondTheLimit() async throws {
        let endless = EndlessBody()
        await #expect(throws: ServiceError.self) {
            try await pipeline().run(endless, into: RecordingWriter(), limit: 10_000_000, expectedSize: nil)
        }
        #expect(endless.count <= 10_000_000 + EndlessBody.chunk)
        await #expect(throws: ServiceError.self) {
            try await pipeline().run(endless, into: RecordingWriter(), limit: .max, expectedSize: 3)
        }
    }

    // MARK: Memory

    @Test(arguments: [(32 << 20, 1 << 20), (600_000, 200_000), (0, 65_536)])
    func holdsBackWhileTheWriterIsSlow(_ memory: Int, _ blockSize: Int) async throws {
        let endless = EndlessBody()
        let most = Mutex(0)
        let writer = RecordingWriter { written async throws(StoreError) in
            // Gives the receiver more turns than it can use.
            for _ in 0..<200 { await Task.yield() }
            most.withLock { $0 = max($0, endless.count - written) }
        }
        await #expect(throws: ServiceError.self) {
            try await pipeline(memory: memory).run(endless, into: writer, limit: 20_000_000, expectedSize: nil)
        }
        // Two blocks on their way, one that is full and waits; each may be longer by the buffer that filled it.
        let block = blockSize + EndlessBody.chunk
        #expect(most.withLock { $0 } <= 3 * block)
        #expect(most.withLock { $0 } > block)
    }

    @Test func makesBlocksSmallerWhenManyUploadsRun() {
        let memory = UploadMemory(total: 32 << 20)
        var sizes: [Int] = []
        for _ in 0..<1000 {
            memory.enter()
            sizes.append(memory.blockSize)
        }
        #expect(sizes.first == 1 << 20)
        #expect(sizes[63] == (32 << 20) / (64 * 3))
        #expect(sizes.last == 64 << 10)
        for _ in 0..<1000 { memory.leave() }
        #expect(memory.blockSize == 1 << 20)
    }

    // MARK: Failures

    @Test(arguments: [0, 100, 3_000_000])
    func passesOnWhatTheBodyThrows(_ bytes: Int) async throws {
        let writer = RecordingWriter()
        await #expect(throws: BrokenBody.ClientGone.self) {
            try await pipeline().run(BrokenBody(bytes: bytes), into: writer, limit: .max, expectedSize: nil)
        }
        #expect(writer.isCancelled)
    }

    /// The client sends nothing for ever, and still the upload ends when the disk is full.
    @Test(arguments: [0, 2_000_000])
    func endsWhenTheWriterFails(_ after: Int) async throws {
        let (body, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        for _ in 0..<100 { continuation.yield(ByteBuffer(repeating: 1, count: 65_536)) }
        let writer = RecordingWriter { written throws(StoreError) in if written >= after { throw .full } }
        await #expect(throws: StoreError.full) {
            try await pipeline().run(body, into: writer, limit: .max, expectedSize: nil)
        }
        #expect(writer.isCancelled)
        withExtendedLifetime(continuation) {}
    }

    @Test func endsWhenItIsCancelled() async throws {
        let (body, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        let (writes, report) = AsyncStream.makeStream(of: Void.self)
        let writer = RecordingWriter { _ in report.yield() }
        let pipeline = try pipeline(memory: 0)
        let upload = Task {
            try await pipeline.run(body, into: writer, limit: .max, expectedSize: nil)
        }
        for _ in 0..<10 { continuation.yield(ByteBuffer(repeating: 1, count: 65_536)) }
        // In the middle: something has been written, and the client is silent.
        _ = await writes.first { _ in true }
        upload.cancel()
        // The stream simply ends for a cancelled reader, which must not be taken for the end of the image.
        await #expect(throws: CancellationError.self) { try await upload.value }
        #expect(writer.isCancelled)
        withExtendedLifetime(continuation) {}
    }

    /// The same while the receiver waits for room, because the writer hangs.
    @Test func endsWhenItIsCancelledWhileTheWriterHangs() async throws {
        let endless = EndlessBody()
        let (writes, report) = AsyncStream.makeStream(of: Void.self)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let writer = RecordingWriter { _ in
            report.yield()
            // Deaf to cancellation, as a disk is.
            await Task.detached { _ = await gate.first { _ in true } }.value
        }
        let pipeline = try pipeline()
        let upload = Task { try await pipeline.run(endless, into: writer, limit: .max, expectedSize: nil) }
        _ = await writes.first { _ in true }
        upload.cancel()
        #expect(!writer.isCancelled)
        open.finish()
        await #expect(throws: CancellationError.self) { try await upload.value }
        #expect(writer.isCancelled)
    }

    // MARK: Inspection

    @Test func inspectsAllBytes() async throws {
        var bytes = Noise.bytes(3_000_001, seed: 3)
        bytes.replaceSubrange(
            0..<32, with: "QFI".utf8 + [0xFB, 0, 0, 0, 2] + [UInt8](repeating: 0, count: 22) + [4, 2])
        for chunk in [997, 65_536, 3_000_001] {
            let result = try await pipeline().run(
                ServiceHarness.chunks(of: bytes, by: chunk), into: RecordingWriter(), limit: .max, expectedSize: nil,
                inspection: ContentInspection(declared: "qcow2"))
            let content = try #require(result.content)
            #expect(content.size == 3_000_001 && content.findings.map(\.format) == [.qcow2])
            #expect(content.findings.first?.virtualSize == 0x0402)
        }
    }
}

/// A client that sends for ever.
private final class EndlessBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    static let chunk = 65_536
    private let sent = Mutex(0)

    /// Bytes asked for so far.
    var count: Int { sent.withLock { $0 } }

    struct AsyncIterator: AsyncIteratorProtocol {
        let body: EndlessBody
        let buffer = ByteBuffer(repeating: 1, count: EndlessBody.chunk)

        mutating func next() async throws -> ByteBuffer? {
            body.sent.withLock { $0 += EndlessBody.chunk }
            return buffer
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(body: self) }
}
