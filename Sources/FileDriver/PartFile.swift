import CLinux
import Glibc
import ImageStore
import NIOCore

/// A file that is being written under its temporary name. All methods block.
///
/// The descriptor holds an flock(2) for as long as the process lives, which is how a sweep tells a live writer from a
/// dead one.
struct PartFile: Sendable {
    /// Bytes after which the kernel is told to start writing them to disk, so that little is left for the final sync.
    private static let writebackStep: Int64 = 8 << 20

    private let directory: String
    private let name: PartName
    private let descriptor: Int32
    private let permissions: mode_t?
    /// Bytes of the blocks that become holes when they are zero; nil writes everything.
    private let holeSize: Int?
    /// Bytes appended.
    private var size: Int64 = 0
    /// Bytes whose way to the disk has begun.
    private var writebackStarted: Int64 = 0

    private var file: UploadedFile { UploadedFile(directory: directory, name: name, descriptor: descriptor) }
    /// Path of the image's data once they are complete.
    var finalPath: String { "\(directory)/\(name.upload.imageID)" }

    init(
        _ name: PartName, in directory: String, permissions: mode_t?, holeSize: Int?
    ) throws(StoreError) {
        self.directory = directory
        self.name = name
        self.permissions = permissions
        self.holeSize = holeSize
        descriptor = try Self.create("\(directory)/\(name.text(.part))", mode: permissions ?? 0o666)
    }

    /// Creates and locks the file. A sweep may get in between; then the file is gone from the directory and a new one
    /// is made.
    private static func create(_ path: String, mode: mode_t) throws(StoreError) -> Int32 {
        while true {
            let descriptor = try SystemCall.check("cannot create the image's file") {
                open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
            }
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
                Glibc.close(descriptor)
                unlink(path)
                continue
            }
            // Any other failure means that this filesystem has no locks; a sweep then goes by age alone.
            var status = stat()
            if fstat(descriptor, &status) == 0, status.st_nlink == 0 {
                Glibc.close(descriptor)
                continue
            }
            return descriptor
        }
    }

    mutating func append(_ buffers: [ByteBuffer]) throws(StoreError) {
        for buffer in buffers {
            let failure = buffer.withUnsafeReadableBytes { bytes in
                if let holeSize { writeAround(holes: holeSize, bytes) } else { write(bytes, at: size) }
            }
            if failure != 0 { throw StoreError(errno: failure, "cannot write the image") }
            size += Int64(buffer.readableBytes)
        }
        if size - writebackStarted >= Self.writebackStep {
            // Only a hint: filesystems that cannot do it write at the final sync.
            _ = clinux_start_writeback(descriptor, writebackStarted, size - writebackStarted)
            writebackStarted = size
        }
    }

    /// Writes all of `bytes`. Returns 0 or an error number.
    private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) -> Int32 {
        guard let base = bytes.baseAddress else { return 0 }
        var written = 0
        while written < bytes.count {
            let count = pwrite(descriptor, base + written, bytes.count - written, off_t(offset) + written)
            if count > 0 {
                written += count
            } else if count == 0 {
                return ENOSPC
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }

    /// Writes what is not zero. Blocks are aligned to the file, so how the bytes were cut on their way makes no difference
    /// beyond the blocks at the cuts. Returns 0 or an error number.
    private func writeAround(holes blockSize: Int, _ bytes: UnsafeRawBufferPointer) -> Int32 {
        var start = 0
        var position = 0
        while position < bytes.count {
            let inBlock = Int((size + Int64(position)) % Int64(blockSize))
            let end = min(bytes.count, position + blockSize - inBlock)
            if Self.isZero(UnsafeRawBufferPointer(rebasing: bytes[position..<end])) {
                let failure = write(UnsafeRawBufferPointer(rebasing: bytes[start..<position]), at: size + Int64(start))
                if failure != 0 { return failure }
                start = end
            }
            position = end
        }
        return write(UnsafeRawBufferPointer(rebasing: bytes[start...]), at: size + Int64(start))
    }

    /// Compares the bytes with themselves one further: equal, and the first is zero.
    private static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress, let first = bytes.first else { return true }
        return first == 0 && memcmp(base, base + 1, bytes.count - 1) == 0
    }

    /// Syncs the data, gives them their final name beside the temporary one, and syncs that.
    func publish() throws(StoreError) {
        if holeSize != nil {
            try SystemCall.check("cannot set the image's size") { ftruncate(descriptor, off_t(size)) }
        }
        if let permissions {
            // The mode given at creation went through the umask.
            try SystemCall.check("cannot set the permissions of the image's file") { fchmod(descriptor, permissions) }
        }
        try SystemCall.check("cannot sync the image's data") { fsync(descriptor) }
        try file.publish()
    }

    /// Ends the work on a published file.
    func close() {
        Glibc.close(descriptor)
    }

    /// Leaves nothing behind; after a failed ``publish()`` too. What cannot be removed now stays for ``Store/discard``,
    /// which the upload's record asks for.
    func remove() {
        try? file.discard(context: .service)
        close()
    }
}
