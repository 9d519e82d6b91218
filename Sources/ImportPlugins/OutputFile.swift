import CLinux
import Glibc

/// A file that is being unpacked: never larger than it may be, and never the last bytes of the disk.
final class OutputFile {
    private let descriptor: Int32
    private let limit: Int64
    private(set) var size: Int64 = 0
    /// Up to which size the space has been looked at.
    private var checked: Int64 = 0

    private static let checkInterval: Int64 = 64 << 20

    /// - Parameter limit: bytes allowed.
    init(_ path: String, limit: Int64) throws(ImportPluginError) {
        self.limit = limit
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .ofFile(errno) }
    }

    deinit { close(descriptor) }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ImportPluginError) {
        guard Int64(bytes.count) <= limit - size else { throw .tooLarge(limit) }
        if size + Int64(bytes.count) > checked { try checkSpace() }
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .ofFile(errno) }
            done += count
        }
        size += Int64(bytes.count)
    }

    /// Everything is on the disk afterwards.
    func finish() throws(ImportPluginError) {
        guard fsync(descriptor) == 0 else { throw .ofFile(errno) }
    }

    /// Leaves a twentieth of the file system, or what the next look may be late by: other images are staged there too.
    private func checkSpace() throws(ImportPluginError) {
        _ = clinux_start_writeback(descriptor, max(0, size - Self.checkInterval), Self.checkInterval)
        var status = statvfs()
        guard fstatvfs(descriptor, &status) == 0 else { throw .file(errno) }
        let free = Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
        let whole = Int64(clamping: UInt64(status.f_blocks) * UInt64(status.f_frsize))
        let reserve = min(whole / 20, 1 << 30)
        guard free > reserve else { throw .noSpace }
        checked = size + min(Self.checkInterval, free - reserve)
    }
}
