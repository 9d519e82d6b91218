import Glibc

/// Inspects files that can be read by position. Blocks, for as long as a few reads take, whatever the file's size.
public enum FileInspection {
    /// The file cannot be read; with errno.
    public struct Failure: Error, Sendable, Equatable {
        public let code: Int32
    }

    /// - Parameters:
    ///   - path: of a regular file; a link is not followed.
    ///   - declared: the image's `disk_format`, as in ``ContentInspection/init(declared:)``.
    public static func content(of path: String, declared: String?) throws(Failure) -> ImageContent {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(code: EINVAL) }
        return try content(of: descriptor, size: UInt64(status.st_size), declared: declared)
    }

    private static func content(
        of descriptor: Int32, size: UInt64, declared: String?
    ) throws(Failure) -> ImageContent {
        var inspection = ContentInspection(declared: declared)
        while let wanted = inspection.wanted, wanted < size {
            inspection.skip(to: wanted)
            let block = try bytes(of: descriptor, at: wanted, count: blockSize)
            if block.isEmpty { break }
            block.withUnsafeBytes { inspection.consume($0) }
        }
        let tail = min(UInt64(inspection.wantedTail), size)
        return inspection.finish(
            size: Int64(size), tail: try bytes(of: descriptor, at: size - tail, count: Int(tail)))
    }

    /// Bytes. Most formats want less.
    private static let blockSize = 64 << 10

    /// Fewer at the end of the file.
    private static func bytes(of descriptor: Int32, at offset: UInt64, count: Int) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let some = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + done, count - done, off_t(offset) + off_t(done))
            }
            if some < 0 && errno == EINTR { continue }
            guard some >= 0 else { throw Failure(code: errno) }
            if some == 0 { break }
            done += some
        }
        return Array(bytes[..<done])
    }
}
