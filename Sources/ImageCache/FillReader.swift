import Glibc
import ImageStore
import NIOCore

/// Where the data of an image come from while somebody fills the file.
protocol GrowingFile: AnyObject, Sendable {
    /// Waits for bytes beyond `offset`, and reads some of them.
    ///
    /// - Returns: nil when there will be no more.
    func read(at offset: Int64) async throws -> ByteBuffer?
}

/// A client of a fill: follows the file as it grows, and goes on with the store itself should the fill fail. Called by one
/// task at a time.
final class FillReader: @unchecked Sendable {
    /// Bytes that a client holds in memory.
    fileprivate static let step = 256 << 10

    private let size: Int64
    private let store: @Sendable (Range<Int64>?) async throws -> StoreContent
    private let pool: BlockingPool
    private var file: (any GrowingFile)?
    private var direct: ContentReader?
    private var offset: Int64 = 0

    init(
        _ file: any GrowingFile, size: Int64, pool: BlockingPool,
        store: @escaping @Sendable (Range<Int64>?) async throws -> StoreContent
    ) {
        self.file = file
        self.size = size
        self.pool = pool
        self.store = store
    }

    var content: StoreContent {
        .stream(size: size, chunks: StoreChunks { { try await self.next() } })
    }

    private func next() async throws -> ByteBuffer? {
        if offset >= size { return nil }
        if let file {
            // A disk that fails is no reason not to serve the data.
            if let buffer = try? await file.read(at: offset) {
                offset += Int64(buffer.readableBytes)
                return buffer
            }
            try Task.checkCancellation()
            self.file = nil
            let content = try await store(offset == 0 ? nil : offset..<size)
            direct = ContentReader(content, pool)
        }
        guard let buffer = try await direct?.next() else { return nil }
        offset += Int64(buffer.readableBytes)
        return buffer
    }
}

/// A fill of this process, as one reader sees it.
final class OwnGrowingFile: GrowingFile {
    private let fill: CacheFill
    private let pool: BlockingPool

    /// - Parameter fill: joined already.
    init(_ fill: CacheFill, _ pool: BlockingPool) {
        self.fill = fill
        self.pool = pool
    }

    deinit { fill.leave() }

    func read(at offset: Int64) async throws -> ByteBuffer? {
        guard let (file, end) = await fill.available(beyond: offset) else { return nil }
        let count = Int(min(end - offset, Int64(FillReader.step)))
        return try await pool.run { () throws(StoreError) in try file.read(at: offset, count: count) }
    }
}

/// A file that another process fills.
final class ForeignGrowingFile: GrowingFile {
    private static let pause: Duration = .milliseconds(20)

    private let descriptor: Int32
    private let pool: BlockingPool

    /// - Parameter descriptor: closed with this.
    init(descriptor: Int32, _ pool: BlockingPool) {
        self.descriptor = descriptor
        self.pool = pool
    }

    deinit { close(descriptor) }

    /// Waits for the first byte.
    ///
    /// - Returns: false when there will be none.
    func started() async -> Bool { await available(beyond: 0) != nil }

    func read(at offset: Int64) async throws -> ByteBuffer? {
        guard let end = await available(beyond: offset) else { return nil }
        let count = Int(min(end - offset, Int64(FillReader.step)))
        return try await pool.run { () throws(StoreError) in
            try FileReader.read(self.descriptor, at: offset, count: count)
        }
    }

    private func available(beyond offset: Int64) async -> Int64? {
        while !Task.isCancelled {
            let descriptor = descriptor
            let (end, isOver) =
                (try? await pool.run { () throws(StoreError) -> (Int64, Bool) in
                    // In this order: who ends in between has written everything before.
                    let isHeld = CacheDirectory.isHeld(descriptor)
                    var status = stat()
                    guard fstat(descriptor, &status) == 0 else { return (0, true) }
                    return (Int64(status.st_size), !isHeld)
                }) ?? (0, true)
            if end > offset { return end }
            if isOver { return nil }
            try? await Task.sleep(for: Self.pause)
        }
        return nil
    }
}
