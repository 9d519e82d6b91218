import Glibc

/// Stands where journald does: a datagram socket whose entries a test reads, byte for byte. The real journald takes part in
/// the tests that boot a systemd.
public final class JournalReceiver {
    /// The value of every field by name, in the order in which they came.
    public struct Entry {
        public var fields: [(name: String, value: String)] = []
        /// Whether the entry came in a memfd, sealed against changes.
        public var isSealedFile = false

        /// The first value of a field.
        public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
    }

    private let descriptor: Int32
    private let path: String
    private var buffer = [UInt8](repeating: 0, count: 1 << 20)

    /// Binds a socket at `path`, in the place of one that is there.
    public init(path: String) throws {
        self.path = path
        unlink(path)
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw TestFailure("cannot bind \(path): \(String(cString: strerror(errno)))") }
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// The next entry; nil when none comes within two seconds.
    ///
    /// - Throws: when it isn't in the form that journald takes.
    public func next() throws -> Entry? {
        guard let (bytes, file) = receive() else { return nil }
        var entry = Entry()
        if let file {
            defer { close(file) }
            entry.isSealedFile = fcntl(file, 1034) == 0xF  // F_GET_SEALS: SEAL, SHRINK, GROW, WRITE
            entry.fields = try Self.parse(Self.contents(of: file))
        } else {
            entry.fields = try Self.parse(bytes)
        }
        return entry
    }

    /// All entries until two seconds pass without one, or `count` have come.
    public func entries(count: Int) throws -> [Entry] {
        var result: [Entry] = []
        while result.count < count, let entry = try next() { result.append(entry) }
        return result
    }

    /// The next datagram as it came.
    public func receive() -> (bytes: [UInt8], file: Int32?)? {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, 2000) == 1 else { return nil }
        var control = [UInt8](repeating: 0, count: 64)
        var file: Int32?
        let count = buffer.withUnsafeMutableBytes { buffer in
            control.withUnsafeMutableBytes { control in
                var vector = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
                return withUnsafeMutablePointer(to: &vector) { vector in
                    var message = msghdr()
                    message.msg_iov = vector
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                    let count = recvmsg(descriptor, &message, Int32(MSG_CMSG_CLOEXEC))
                    let header = MemoryLayout<cmsghdr>.size
                    if message.msg_controllen >= header + 4 {
                        file = control.load(fromByteOffset: header, as: Int32.self)
                    }
                    return count
                }
            }
        }
        return count < 0 ? nil : (Array(buffer.prefix(count)), file)
    }

    private static func contents(of file: Int32) -> [UInt8] {
        var status = stat()
        guard fstat(file, &status) == 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = pread(file, &bytes, bytes.count, 0)
        return Array(bytes.prefix(max(0, count)))
    }

    /// Takes an entry apart as systemd.io/JOURNAL_NATIVE_PROTOCOL says, and nothing else.
    private static func parse(_ bytes: [UInt8]) throws -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let lineEnd = rest.firstIndex(of: UInt8(ascii: "\n")) else { throw TestFailure("no line end") }
            let line = rest[..<lineEnd]
            rest = rest[(lineEnd + 1)...]
            if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
                fields.append((try name(line[..<equals]), String(decoding: line[(equals + 1)...], as: UTF8.self)))
                continue
            }
            guard rest.count >= 8 else { throw TestFailure("no length") }
            let length = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(8)
            guard rest.count > length, rest[rest.startIndex + length] == UInt8(ascii: "\n") else {
                throw TestFailure("the length \(length) is wrong")
            }
            fields.append((try name(line), String(decoding: rest.prefix(length), as: UTF8.self)))
            rest = rest.dropFirst(length + 1)
        }
        return fields
    }

    private static func name(_ bytes: ArraySlice<UInt8>) throws -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard try #/[A-Z][A-Z0-9_]{0,63}/#.wholeMatch(in: text) != nil else { throw TestFailure("bad name '\(text)'") }
        return text
    }
}
