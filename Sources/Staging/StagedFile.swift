import Glibc
public import ImageStore
public import NIOCore

/// Data on their way into the staging area. Nothing lies under the final name before ``commit()``.
///
/// Used by one task at a time.
public final class StagedFile: Sendable {
    private let descriptor: Int32
    private let temporary: String
    private let path: String
    private let pool: BlockingPool

    /// Creates the file under its temporary name, and removes what an earlier upload has left under the final one. Blocks.
    init(path: String, uploadID: String, pool: BlockingPool) throws(StoreError) {
        self.path = path
        self.pool = pool
        temporary = "\(path).\(uploadID)"
        guard unlink(path) == 0 || errno == ENOENT else {
            throw StoreError(errno: errno, "cannot remove staged data")
        }
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard descriptor >= 0 else { throw StoreError(errno: errno, "cannot create a staged file") }
    }

    deinit { close(descriptor) }

    /// Appends bytes. Returns when more can be taken.
    public func write(_ buffers: [ByteBuffer]) async throws(StoreError) {
        let descriptor = descriptor
        try await pool.run { () throws(StoreError) in
            for buffer in buffers {
                let code = buffer.withUnsafeReadableBytes { bytes -> Int32 in
                    var rest = bytes[...]
                    while !rest.isEmpty {
                        let count = Glibc.write(
                            descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                        if count < 0 {
                            if errno == EINTR { continue }
                            return errno
                        }
                        rest = rest.dropFirst(count)
                    }
                    return 0
                }
                guard code == 0 else { throw StoreError(errno: code, "cannot write a staged file") }
            }
        }
    }

    /// Makes the data durable, and gives them the image's name.
    ///
    /// - Throws: ``StoreError/duplicate`` when another upload has done so meanwhile: one of the two has been abandoned, and
    ///   neither may take its data for the other's.
    public func commit() async throws(StoreError) {
        let (descriptor, temporary, path) = (descriptor, temporary, path)
        try await pool.run { () throws(StoreError) in
            guard fsync(descriptor) == 0, link(temporary, path) == 0 else {
                if errno == EEXIST { throw .duplicate }
                throw StoreError(errno: errno, "cannot complete a staged file")
            }
            unlink(temporary)
        }
    }

    /// Leaves nothing behind, also after ``commit()``.
    public func remove() async {
        let (temporary, path) = (temporary, path)
        try? await pool.run { () throws(StoreError) in
            unlink(temporary)
            unlink(path)
        }
    }
}
