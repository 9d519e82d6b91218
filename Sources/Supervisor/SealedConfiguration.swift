import CLinux
import Glibc

/// The configuration of a generation, in memory that nobody can change any more (memfd_create(2), F_ADD_SEALS).
///
/// Children read it in place of the files, so that one which is started again has the configuration that was accepted,
/// whatever is on disk by then.
enum SealedConfiguration {
    private static let getSeals: Int32 = 1034
    private static let sealWrite: Int32 = 8

    /// Returns a descriptor that is close-on-exec.
    static func make(_ bytes: [UInt8]) throws(SupervisorError) -> Int32 {
        let descriptor = clinux_sealed_memfd("glance-configuration", bytes, bytes.count)
        guard descriptor >= 0 else { throw .system(call: "memfd_create", errno: errno) }
        return try Descriptor.moveUp(descriptor)
    }

    /// What is in it; `nil` if the descriptor is no such memory.
    static func read(_ descriptor: Int32) -> [UInt8]? {
        var status = stat()
        let seals = fcntl(descriptor, getSeals)
        guard seals >= 0, seals & sealWrite != 0, fstat(descriptor, &status) == 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        // All children share one file position, so it isn't used.
        while count < bytes.count {
            let step = bytes[count...].withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, $0.count, off_t(count))
            }
            if step == 0 || (step < 0 && errno != EINTR) { return nil }
            count += max(0, step)
        }
        return bytes
    }
}
