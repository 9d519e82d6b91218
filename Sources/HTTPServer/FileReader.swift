import CLinux
import Glibc
import Hummingbird
import NIOCore
import NIOPosix

/// Reads of files that may have to wait for a disk, on threads of their own.
struct FileReader: Sendable {
    /// Bytes that are read, or handed to `sendfile(2)`, at a time. A connection that has more to send lets the others of
    /// its event loop go first after each piece.
    static let pieceSize: Int64 = 4 << 20
    /// Bytes from one place that is looked for in the page cache to the next.
    private static let lookDistance: Int64 = 2 << 20
    private static let bufferSize = 256 << 10

    let descriptor: Int32

    /// Whether `sendfile(2)` of `piece`, which isn't empty, would find it in the page cache. Where the file system can't
    /// tell, yes.
    ///
    /// - Throws: ``ResponseError/bodyTooShort`` when the file ends before the piece.
    func isResident(_ piece: Range<Int64>) throws(ResponseError) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size >= piece.upperBound else { throw .bodyTooShort }
        if clinux_is_resident(descriptor, piece.upperBound - 1) == 0 { return false }
        return stride(from: piece.lowerBound, to: piece.upperBound, by: Int(Self.lookDistance))
            .allSatisfy { clinux_is_resident(descriptor, $0) != 0 }
    }

    /// Brings `piece` into the page cache, and has as much again read ahead as far as it is wanted. An error of the disk shows
    /// when the piece is sent.
    func load(_ piece: Range<Int64>, of region: Range<Int64>) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            _ = posix_fadvise(
                descriptor, off_t(piece.lowerBound),
                off_t(min(2 * Self.pieceSize, region.upperBound - piece.lowerBound)), POSIX_FADV_WILLNEED)
            withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 16) { scratch in
                var offset = piece.lowerBound
                while offset < piece.upperBound {
                    let count = pread(descriptor, scratch.baseAddress, scratch.count, off_t(offset))
                    if count < 0 && errno == EINTR { continue }
                    if count <= 0 { return }
                    offset += Int64(count)
                }
            }
        }
    }

    /// Copies `region` to a writer that knows nothing of files.
    @concurrent func copy(_ region: Range<Int64>, to writer: inout any ResponseBodyWriter) async throws {
        var offset = region.lowerBound
        while offset < region.upperBound {
            let length = min(Self.bufferSize, Int(region.upperBound - offset))
            let start = offset
            let buffer = try await NIOThreadPool.singleton.runIfActive {
                try read(at: start, length: length)
            }
            try await writer.write(buffer)
            offset += Int64(buffer.readableBytes)
        }
    }

    private func read(at offset: Int64, length: Int) throws -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: length)
        try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { bytes in
            var count = pread(descriptor, bytes.baseAddress, length, off_t(offset))
            while count < 0 && errno == EINTR { count = pread(descriptor, bytes.baseAddress, length, off_t(offset)) }
            if count < 0 { throw IOError(errnoCode: errno, reason: "pread") }
            if count == 0 { throw ResponseError.bodyTooShort }
            return count
        }
        return buffer
    }
}

/// close(2), under a name that no method shadows.
func closeDescriptor(_ descriptor: Int32) -> Int32 { close(descriptor) }
