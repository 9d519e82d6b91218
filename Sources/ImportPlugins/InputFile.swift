import Glibc

/// A staged file that is read by position.
final class InputFile {
    private let descriptor: Int32
    /// Bytes.
    let size: Int64

    init(_ path: String) throws(ImportPluginError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw .file(errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .file(EINVAL)
        }
        size = Int64(status.st_size)
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    deinit { close(descriptor) }

    /// Fills the buffer as far as there are bytes.
    ///
    /// - Returns: how many there were.
    func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(ImportPluginError) -> Int {
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset) + off_t(done))
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .file(errno) }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// These bytes, or fewer at the end of the file; few ones, for headers.
    func bytes(at offset: Int64, count: Int) throws(ImportPluginError) -> [UInt8] {
        guard offset >= 0, offset <= size else { return [] }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 8)
        defer { buffer.deallocate() }
        return Array(buffer.prefix(try read(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset)))
    }
}
