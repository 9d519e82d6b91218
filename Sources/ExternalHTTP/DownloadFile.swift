import CLinux
import Glibc
import NIOCore
import NIOPosix

/// The open file that a download goes into, and beside it a small one that says how much of it can be relied on after a
/// crash. Every method leaves the waiting for the disk to threads of its own.
public final class DownloadFile: Sendable {
    private let descriptor: Int32
    private let checkpointPath: String?

    /// More than disks can use; few enough that a disk that hangs does not cost much.
    private static let threads = NIOThreadPool._makePerpetualStartedPool(
        numberOfThreads: 8, threadNamePrefix: "download-")

    /// - Parameters:
    ///   - descriptor: open for reading and writing. It stays the caller's, and has to stay open while a download runs.
    ///   - checkpointPath: a name beside the file; nil if nothing will go on with it after a crash. Whoever removes or changes
    ///     the file calls ``forget()`` or removes this one before.
    public init(descriptor: Int32, checkpointPath: String? = nil) {
        self.descriptor = descriptor
        self.checkpointPath = checkpointPath
    }

    /// Removes what is known about the file's contents.
    public func forget() async throws(ExternalHTTPError) {
        try await run { () throws(ExternalHTTPError) in try self.unlinkCheckpoint() }
    }

    /// What an earlier process has left of a download of `source`. The file is cut to that.
    func resume(_ source: String) async throws(ExternalHTTPError) -> DownloadCheckpoint? {
        guard let path = checkpointPath else { return nil }
        return try await run { () throws(ExternalHTTPError) -> DownloadCheckpoint? in
            var status = stat()
            guard let text = Self.read(path), let checkpoint = DownloadCheckpoint(text: text),
                checkpoint.source == source, fstat(self.descriptor, &status) == 0, status.st_size >= checkpoint.received
            else { return nil }
            try self.cut(checkpoint.received)
            return checkpoint
        }
    }

    /// Empties the file.
    func restart() async throws(ExternalHTTPError) {
        try await run { () throws(ExternalHTTPError) in
            try self.unlinkCheckpoint()
            try self.cut(0)
        }
    }

    /// Writes a block, and starts its way to the disk.
    ///
    /// - Parameter checkpoint: what is true when the block is on the disk; nil does not wait for it.
    func write(
        _ block: ByteBuffer, at offset: Int64, checkpoint: DownloadCheckpoint?
    ) async throws(ExternalHTTPError) {
        try await run { () throws(ExternalHTTPError) in
            try block.withUnsafeReadableBytes { (bytes) throws(ExternalHTTPError) in
                var done = 0
                while done < bytes.count {
                    let count = pwrite(
                        self.descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + off_t(done))
                    if count < 0 && errno == EINTR { continue }
                    guard count > 0 else { throw .file(count < 0 ? errno : EIO) }
                    done += count
                }
            }
            _ = clinux_start_writeback(self.descriptor, offset, Int64(block.readableBytes))
            if let checkpoint { try self.save(checkpoint) }
        }
    }

    /// Everything that was written is on the disk afterwards.
    func finish(_ checkpoint: DownloadCheckpoint?) async throws(ExternalHTTPError) {
        try await run { () throws(ExternalHTTPError) in
            guard fsync(self.descriptor) == 0 else { throw .file(errno) }
            if let checkpoint { try self.save(checkpoint) }
        }
    }

    private func save(_ checkpoint: DownloadCheckpoint) throws(ExternalHTTPError) {
        guard let path = checkpointPath else { return }
        guard fdatasync(descriptor) == 0 else { throw .file(errno) }
        // A crash leaves the old text or the new one, or after a loss of power an empty file, which is no text.
        let new = path + ".new"
        let file = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .file(errno) }
        let bytes = Array(checkpoint.text.utf8)
        let count = Glibc.write(file, bytes, bytes.count)
        let code = count < 0 ? errno : EIO
        close(file)
        guard count == bytes.count, rename(new, path) == 0 else {
            unlink(new)
            throw .file(count == bytes.count ? errno : code)
        }
    }

    private func unlinkCheckpoint() throws(ExternalHTTPError) {
        guard let path = checkpointPath else { return }
        unlink(path + ".new")
        guard unlink(path) == 0 || errno == ENOENT else { throw .file(errno) }
    }

    private func cut(_ length: Int64) throws(ExternalHTTPError) {
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw .file(errno) }
    }

    private static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 2048)
        let count = Glibc.read(file, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    private func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(ExternalHTTPError) -> Value
    ) async throws(ExternalHTTPError) -> Value {
        try await withCheckedContinuation { (continuation: CheckedContinuation<Outcome<Value>, Never>) in
            Self.threads.submit { _ in
                do throws(ExternalHTTPError) {
                    continuation.resume(returning: .success(try work()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }.get()
    }

    private typealias Outcome<Value> = Result<Value, ExternalHTTPError>
}
