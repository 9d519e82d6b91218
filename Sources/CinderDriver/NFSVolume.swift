import CLinux
import Glibc
import ImageStore
import JSON
import NIOCore
import Synchronization

/// A volume of the kind nfs: a file in the root of an export.
final class NFSVolume: VolumeContent {
    /// Nil when the volume is closed. What is still on its way has a share of the file, so that nothing reads or writes what
    /// has got the descriptor's number meanwhile.
    private let file: Mutex<File?>
    private let threads: BlockingPool

    /// Closed when nobody uses it any more. The export stays mounted until then.
    private final class File: Sendable {
        let descriptor: Int32
        private let directory: ExportDirectory
        private let threads: BlockingPool

        init(_ descriptor: Int32, in directory: ExportDirectory, threads: BlockingPool) {
            self.descriptor = descriptor
            self.directory = directory
            self.threads = threads
        }

        deinit {
            let (descriptor, directory) = (descriptor, directory)
            threads.runLater { withExtendedLifetime(directory) { _ = Glibc.close(descriptor) } }
        }
    }

    /// Cinder's driver does not do it.
    let growsAttached = false
    let copies = 1

    private init(_ file: File, threads: BlockingPool) {
        self.file = Mutex(file)
        self.threads = threads
    }

    /// - Parameter connection: how Cinder says that it is reached.
    static func open(
        _ connection: [String: JSONValue], isReadOnly: Bool, _ exports: NFSExports
    ) async throws(StoreError) -> NFSVolume {
        guard let export = connection["export"]?.stringValue, let name = connection["name"]?.stringValue,
            isFileName(name)
        else { throw .backend("Cinder does not say which file of which export the volume is") }
        let format = connection["format"]?.stringValue ?? "raw"
        guard format == "raw" else {
            throw .backend(
                "the volume is a file of the format \(format) (nfs_qcow2_volumes in Cinder), and the cinder store reads and "
                    + "writes raw ones only")
        }
        let (directory, threads) = try await exports.open(export, options: options(connection["options"]))
        let file = try await threads.run { () throws(StoreError) in
            File(try open(name, in: directory, isReadOnly: isReadOnly), in: directory, threads: threads)
        }
        return NFSVolume(file, threads: threads)
    }

    /// Whether a name is that of a file in a directory, and of no other place.
    static func isFileName(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count) && name != "." && name != ".."
            && !name.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "/") }
    }

    /// Options of the mount as Cinder tells them, `-o vers=4.1,nconnect=4 -o hard`, with commas only.
    static func options(_ value: JSONValue?) -> String {
        let words = (value?.stringValue ?? "").split(separator: " ").map {
            $0.hasPrefix("-o") ? $0.dropFirst(2) : $0
        }
        return words.filter { !$0.isEmpty }.joined(separator: ",")
    }

    private static func open(
        _ name: String, in directory: ExportDirectory, isReadOnly: Bool
    ) throws(StoreError) -> Int32 {
        let mode = isReadOnly ? O_RDONLY : O_RDWR
        let descriptor = openat(directory.descriptor, name, mode | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            let hint =
                [EACCES, EPERM].contains(code)
                ? " (the service's user must be allowed to read and write the files of volumes: docs/stores/cinder.md)"
                : ""
            throw StoreError(errno: code, "the volume's file cannot be opened\(hint)")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            Glibc.close(descriptor)
            throw .backend("what Cinder names as the volume's file is none")
        }
        return descriptor
    }

    func read(
        at offset: Int64, count: Int, allocate: @escaping IncomingPieces.Allocation
    ) async throws(StoreError) -> ByteBuffer {
        try await use { descriptor throws(StoreError) -> ByteBuffer in
            var buffer = allocate(count)
            var failure: Int32 = 0
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                var done = 0
                while done < count {
                    let got = pread(descriptor, bytes.baseAddress! + done, count - done, off_t(offset) + done)
                    if got < 0, errno == EINTR { continue }
                    if got < 0 { failure = errno }
                    guard got > 0 else { break }
                    done += got
                }
                return done
            }
            guard failure == 0 else { throw StoreError(errno: failure, "the volume's file cannot be read") }
            guard buffer.readableBytes == count else { throw .backend("the volume's file is shorter than the image") }
            return buffer
        }
    }

    func write(_ bytes: ByteBuffer, at offset: Int64) async throws(StoreError) {
        try await use { descriptor throws(StoreError) -> Void in
            let failure: Int32 = bytes.withUnsafeReadableBytes { bytes in
                var done = 0
                while done < bytes.count {
                    let put = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + done)
                    if put < 0, errno == EINTR { continue }
                    guard put > 0 else { return put == 0 ? ENOSPC : errno }
                    done += put
                }
                return 0
            }
            guard failure == 0 else { throw StoreError(errno: failure, "the volume's file cannot be written") }
            // A hint: the data go on their way, so that little is left for the sync at the end.
            _ = clinux_start_writeback(descriptor, offset, Int64(bytes.readableBytes))
        }
    }

    func flush() async throws(StoreError) {
        try await use { descriptor throws(StoreError) -> Void in
            guard fsync(descriptor) == 0 else { throw StoreError(errno: errno, "the volume's file cannot be synced") }
        }
    }

    func close() async { file.withLock { $0 = nil } }

    private func use<Value: Sendable>(
        _ work: @escaping @Sendable (Int32) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        guard let file = self.file.withLock({ $0 }) else { throw .backend("the volume is closed") }
        return try await threads.run { () throws(StoreError) in try work(file.descriptor) }
    }
}
