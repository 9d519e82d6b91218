import CLinux
import Cryptography
import Glibc
import ImageModel
import ImageStore
import NIOCore

/// A file in `incomplete` that is being filled. All methods block. ``read(at:count:)`` may be called at any time, ``hash(_:)`` beside
/// ``append(_:)``, and each of these with one buffer after the other.
///
/// The descriptor holds an flock(2), by which others tell a filler that works from a dead one.
final class FillFile: @unchecked Sendable {
    private static let writebackStep: Int64 = 8 << 20

    private let descriptor: Int32
    private let path: String
    private let finalPath: String
    private let size: Int64
    private let expectedHash: String?
    private var digest: Digest?
    private(set) var written: Int64 = 0
    private var writebackStarted: Int64 = 0

    /// Creates the file and keeps the space for it.
    ///
    /// - Throws: `StoreError`: `full` when the file system has no room for it.
    init(_ image: Image, size: Int64, in directory: CacheDirectory) throws(StoreError) {
        path = directory.file(image.id, in: .incomplete)
        finalPath = directory.file(image.id)
        self.size = size
        // The one or the other; images of a location that nobody has hashed have neither.
        if let algorithm = image.hashAlgorithm, let value = image.hashValue, Digest.isUsable(algorithm) {
            digest = try? Digest(algorithm)
            expectedHash = value
        } else {
            if image.checksum != nil { digest = try? Digest("md5") }
            expectedHash = image.checksum
        }
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw StoreError(errno: errno, "cannot create a file of the image cache") }
        flock(descriptor, LOCK_EX | LOCK_NB)
        // Other failures mean that the file system cannot do it; then it turns out while writing.
        if clinux_reserve(descriptor, 0, size) != 0, errno == ENOSPC || errno == EDQUOT || errno == EFBIG {
            unlink(path)
            throw .full
        }
    }

    deinit { close(descriptor) }

    /// Takes the bytes that are to be appended into the hash.
    func hash(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { digest?.update($0) }
    }

    func append(_ buffer: ByteBuffer) throws(StoreError) {
        try buffer.withUnsafeReadableBytes { bytes throws(StoreError) in try append(bytes) }
    }

    private func append(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
        guard let base = bytes.baseAddress else { return }
        guard written + Int64(bytes.count) <= size else { throw .backend("the store has more data than the image") }
        var done = 0
        while done < bytes.count {
            let count = pwrite(descriptor, base + done, bytes.count - done, off_t(written) + done)
            if count > 0 {
                done += count
            } else if count == 0 {
                throw .full
            } else if errno != EINTR {
                throw StoreError(errno: errno, "cannot write into the image cache")
            }
        }
        written += Int64(bytes.count)
        if written - writebackStarted >= Self.writebackStep {
            _ = clinux_start_writeback(descriptor, writebackStarted, written - writebackStarted)
            writebackStarted = written
        }
    }

    /// Compares the data with the image's hash, syncs them and gives them their final name.
    func publish() throws(StoreError) {
        guard written == size else { throw .backend("the store has less data than the image") }
        if let expectedHash, let digest = digest.take() {
            let hash = digest.hexadecimal()
            guard hash == expectedHash.lowercased() else {
                throw .backend("the data of the store do not have the image's hash")
            }
        }
        guard fsync(descriptor) == 0 else { throw StoreError(errno: errno, "cannot sync a file of the image cache") }
        // Somebody may have removed the image from the cache meanwhile.
        guard isOwn(path), rename(path, finalPath) == 0 else {
            throw .backend("the image was removed from the cache while it was being filled")
        }
        flock(descriptor, LOCK_UN)
    }

    /// Removes the file.
    func abandon() {
        if isOwn(path) { unlink(path) }
        flock(descriptor, LOCK_UN)
    }

    private func isOwn(_ path: String) -> Bool {
        var (own, named) = (stat(), stat())
        return fstat(descriptor, &own) == 0 && lstat(path, &named) == 0 && own.st_ino == named.st_ino
            && own.st_dev == named.st_dev
    }

    /// Reads what was written.
    func read(at offset: Int64, count: Int) throws(StoreError) -> ByteBuffer {
        try FileReader.read(descriptor, at: offset, count: count)
    }
}
