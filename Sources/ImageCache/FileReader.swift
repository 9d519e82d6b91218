import Glibc
import ImageStore
import NIOCore

/// Reads a region of a file piece by piece.
final class FileReader: @unchecked Sendable {
    /// Bytes of one piece.
    static let step = 1 << 20

    private let descriptor: Int32
    private var region: Range<Int64>

    /// - Parameter descriptor: closed with this.
    init(descriptor: Int32, region: Range<Int64>) {
        self.descriptor = descriptor
        self.region = region
    }

    deinit { close(descriptor) }

    /// Nil at the end. Blocks.
    func next() throws(StoreError) -> ByteBuffer? {
        if region.isEmpty { return nil }
        let count = Int(min(region.upperBound - region.lowerBound, Int64(Self.step)))
        let buffer = try Self.read(descriptor, at: region.lowerBound, count: count)
        region = region.lowerBound + Int64(buffer.readableBytes)..<region.upperBound
        return buffer
    }

    /// At least one byte. Blocks.
    ///
    /// - Throws: `StoreError` also when the file is shorter.
    static func read(_ descriptor: Int32, at offset: Int64, count: Int) throws(StoreError) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        var failure: Int32 = 0
        let done = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
            while true {
                let done = pread(descriptor, space.baseAddress, count, off_t(offset))
                if done >= 0 { return done }
                failure = errno
                if failure != EINTR { return 0 }
            }
        }
        guard done > 0 else {
            throw failure == 0 ? .backend("a file ends too early") : StoreError(errno: failure, "cannot read a file")
        }
        return buffer
    }
}

/// The data of a store one after the other, however the store gives them.
struct ContentReader: Sendable {
    /// The next bytes, nil at the end.
    let next: @Sendable () async throws -> ByteBuffer?

    init(_ content: StoreContent, _ pool: BlockingPool) {
        switch content {
        case .file(let descriptor, let region):
            let reader = FileReader(descriptor: descriptor, region: region)
            next = { try await pool.run { () throws(StoreError) in try reader.next() } }
        case .stream(_, let chunks):
            let iterator = Iterator(chunks.makeAsyncIterator())
            next = { try await iterator.next() }
        }
    }

    /// Called by one task at a time.
    private final class Iterator: @unchecked Sendable {
        private var base: StoreChunks.AsyncIterator

        init(_ base: StoreChunks.AsyncIterator) { self.base = base }

        func next() async throws -> ByteBuffer? { try await base.next() }
    }
}

extension StoreContent {
    /// Bytes, where they are known.
    var size: Int64? {
        switch self {
        case .file(_, let region): region.upperBound - region.lowerBound
        case .stream(let size, _): size
        }
    }

    /// Gives up what was opened and will not be read.
    func close() {
        if case .file(let descriptor, _) = self { Glibc.close(descriptor) }
    }
}
