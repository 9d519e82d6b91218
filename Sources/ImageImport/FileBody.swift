import Glibc
import ImageStore
import NIOCore

/// The bytes of a file as a body for the pipeline, read on threads that may wait for a disk.
struct FileBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    private let file: OpenFile
    private let region: Range<Int64>
    private let progress: ImportProgress
    private static let blockSize = 1 << 20
    private static let pool = BlockingPool()

    /// Takes the descriptor.
    init(descriptor: Int32, region: Range<Int64>, progress: ImportProgress) {
        file = OpenFile(descriptor: descriptor)
        self.region = region
        self.progress = progress
    }

    /// Opens a file of the staging area.
    ///
    /// - Throws: `StoreError.notFound` when it is not there.
    init(path: String, progress: ImportProgress) async throws(StoreError) {
        let (descriptor, size) = try await Self.pool.run { () throws(StoreError) -> (Int32, Int64) in
            let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard descriptor >= 0 else {
                if errno == ENOENT { throw .notFound }
                throw StoreError(errno: errno, "cannot open a staged file")
            }
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                close(descriptor)
                throw .badLocation("what is staged is not a regular file")
            }
            return (descriptor, Int64(status.st_size))
        }
        self.init(descriptor: descriptor, region: 0..<size, progress: progress)
    }

    var size: Int64 { region.upperBound - region.lowerBound }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(file: file, position: region.lowerBound, end: region.upperBound, progress: progress)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let file: OpenFile
        fileprivate var position: Int64
        fileprivate let end: Int64
        fileprivate let progress: ImportProgress

        mutating func next() async throws -> ByteBuffer? {
            guard position < end, !Task.isCancelled else { return nil }
            let (file, position) = (file, position)
            let count = Int(Swift.min(Int64(FileBody.blockSize), end - position))
            let buffer = try await FileBody.pool.run { () throws(StoreError) in try file.read(count, at: position) }
            self.position += Int64(buffer.readableBytes)
            progress.add(buffer.readableBytes)
            return buffer
        }
    }

    fileprivate final class OpenFile: Sendable {
        private let descriptor: Int32

        init(descriptor: Int32) { self.descriptor = descriptor }

        deinit { close(descriptor) }

        /// Blocks. A file that has become shorter is an error.
        func read(_ count: Int, at offset: Int64) throws(StoreError) -> ByteBuffer {
            var buffer = ByteBuffer()
            var code: Int32 = 0
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                while true {
                    let got = pread(descriptor, bytes.baseAddress, count, off_t(offset))
                    if got > 0 { return got }
                    if got < 0, errno == EINTR { continue }
                    code = got == 0 ? EIO : errno
                    return 0
                }
            }
            guard code == 0 else { throw StoreError(errno: code, "cannot read the image's data") }
            return buffer
        }
    }
}
