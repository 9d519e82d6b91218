import Glibc
import ImageStore

/// Calls of the C library with errors as Swift has them.
enum SystemCall {
    /// Makes a call until no signal interrupts it.
    ///
    /// - Parameter doing: what could not be done, for the text of the error.
    @discardableResult
    static func check<Number: SignedInteger>(
        _ doing: @autoclosure () -> String, _ call: () -> Number
    ) throws(StoreError) -> Number {
        while true {
            let result = call()
            if result >= 0 { return result }
            if errno != EINTR { throw StoreError(errno: errno, doing()) }
        }
    }

    /// Makes the entries of a directory survive a power cut.
    static func sync(directory path: String) throws(StoreError) {
        let descriptor = try check("cannot open the data directory") { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        defer { close(descriptor) }
        try sync(directory: descriptor)
    }

    /// Makes the entries of an open directory survive a power cut.
    static func sync(directory descriptor: Int32) throws(StoreError) {
        // Filesystems without such a thing (some network and FUSE ones) say EINVAL.
        try check("cannot sync the data directory") { fsync(descriptor) == 0 || errno == EINVAL ? 0 : -1 }
    }

    /// Everything that a small file holds.
    static func read(_ path: String, limit: Int) throws(StoreError) -> [UInt8] {
        let descriptor = try check("cannot open \(path)") { open(path, O_RDONLY | O_CLOEXEC) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try check("cannot read \(path)") { Glibc.read(descriptor, &block, block.count) }
            if count == 0 { return bytes }
            bytes += block[..<count]
            guard bytes.count <= limit else { throw .backend("\(path) is larger than \(limit) bytes") }
        }
    }
}
