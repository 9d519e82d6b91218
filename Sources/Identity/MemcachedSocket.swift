import Glibc

/// A connected socket with a deadline for each exchange, however slowly the other side sends. It blocks, so it belongs to
/// a thread that may; one thread at a time.
struct MemcachedSocket: ~Copyable {
    private let descriptor: Int32
    /// What came and was not taken yet, from `position` on.
    private var buffer: [UInt8] = []
    private var position = 0
    private var deadline: ContinuousClock.Instant

    /// Bytes that are read at once.
    private static let block = 16 << 10

    typealias Failure = MemcachedConnection.Failure

    /// Connects to the first of the server's addresses that takes the connection.
    ///
    /// - Parameter deadline: for that.
    init(_ server: MemcachedSettings.Server, deadline: ContinuousClock.Instant) throws(Failure) {
        self.deadline = deadline
        descriptor =
            server.port == 0
            ? try Self.connect(path: server.host, deadline)
            : try Self.connect(host: server.host, port: server.port, deadline)
    }

    deinit { close(descriptor) }

    /// Whether the other side has neither sent anything nor closed the connection.
    var isQuiet: Bool {
        if position < buffer.count { return false }
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) == 0
    }

    /// Begins an exchange that has to end in time.
    mutating func begin(_ deadline: ContinuousClock.Instant) { self.deadline = deadline }

    // MARK: Sending and receiving

    func send(_ bytes: [UInt8]) throws(Failure) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                try Self.wait(descriptor, POLLOUT, deadline)
            } else if errno != EINTR {
                throw Failure(reason: Self.text(of: errno))
            }
        }
    }

    /// A line without its end, CR LF.
    ///
    /// - Parameter most: bytes; a longer line is a failure, and is not read to its end.
    mutating func line(most: Int) throws(Failure) -> [UInt8] {
        var searched = 0
        while true {
            let rest = buffer[position...]
            if let end = rest.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n")) {
                let line = rest[..<end]
                guard line.count <= most, line.last == UInt8(ascii: "\r") else {
                    throw Failure(reason: "a line of its answer does not end as it should")
                }
                position = end + 1
                return Array(line.dropLast())
            }
            guard rest.count <= most else { throw Failure(reason: "a line of its answer has no end") }
            searched = rest.count
            try fill(Self.block)
        }
    }

    /// The next `count` bytes. Room is made as they come, whatever was promised.
    mutating func bytes(_ count: Int) throws(Failure) -> [UInt8] {
        while buffer.count - position < count {
            try fill(min(count - (buffer.count - position), 16 * Self.block))
        }
        defer { position += count }
        return Array(buffer[position..<position + count])
    }

    /// Reads what comes, up to `most` bytes, and waits for the first.
    private mutating func fill(_ most: Int) throws(Failure) {
        if position > 0 {
            buffer.removeFirst(position)
            position = 0
        }
        while true {
            let descriptor = descriptor
            let old = buffer.count
            var result = 0
            buffer += [UInt8](unsafeUninitializedCapacity: most) { room, count in
                result = recv(descriptor, room.baseAddress, most, 0)
                count = max(0, result)
            }
            let code = errno
            if buffer.count > old { break }
            if result == 0 { throw Failure(reason: "it closed the connection") }
            if code == EAGAIN {
                try Self.wait(descriptor, POLLIN, deadline)
            } else if code != EINTR {
                throw Failure(reason: Self.text(of: code))
            }
        }
        // One that sends a byte now and then, without end, is as good as one that is silent.
        guard ContinuousClock.now < deadline else { throw Failure(reason: Self.tooSlow) }
    }

    // MARK: Connecting

    private static let tooSlow = "it does not answer in time"

    private static func connect(
        host: String, port: UInt16, _ deadline: ContinuousClock.Instant
    ) throws(Failure) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, "\(port)", &hints, &list)
        guard result == 0 else { throw Failure(reason: String(cString: gai_strerror(result))) }
        defer { freeaddrinfo(list) }
        var failure = Failure(reason: "its name has no address")
        var next = list
        while let address = next?.pointee {
            do throws(Failure) {
                let descriptor = try connect(
                    address.ai_family, address.ai_addr, address.ai_addrlen, deadline)
                var one: Int32 = 1
                setsockopt(
                    descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout.size(ofValue: one)))
                return descriptor
            } catch {
                failure = error
            }
            next = address.ai_next
        }
        throw failure
    }

    private static func connect(path: String, _ deadline: ContinuousClock.Instant) throws(Failure) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isShort = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard path.utf8.count < room.count else { return false }
            room.copyBytes(from: path.utf8)
            return true
        }
        guard isShort else { throw Failure(reason: "its path is too long") }
        // A typed error does not come out of the closures that make the pointer.
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Result<Int32, Failure> in
                do throws(Failure) {
                    return .success(
                        try connect(AF_UNIX, address, socklen_t(MemoryLayout<sockaddr_un>.size), deadline))
                } catch {
                    return .failure(error)
                }
            }
        }
        return try result.get()
    }

    private static func connect(
        _ family: Int32, _ address: UnsafePointer<sockaddr>?, _ length: socklen_t, _ deadline: ContinuousClock.Instant
    ) throws(Failure) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw Failure(reason: text(of: errno)) }
        do throws(Failure) {
            if Glibc.connect(descriptor, address, length) != 0 {
                guard errno == EINPROGRESS else { throw Failure(reason: text(of: errno)) }
                try wait(descriptor, POLLOUT, deadline)
                var code: Int32 = 0
                var size = socklen_t(MemoryLayout.size(ofValue: code))
                getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
                guard code == 0 else { throw Failure(reason: text(of: code)) }
            }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Until the socket can be read or written, or is broken, which the next call says.
    private static func wait(
        _ descriptor: Int32, _ event: Int32, _ deadline: ContinuousClock.Instant
    ) throws(Failure) {
        while true {
            let left = deadline - .now
            guard left > .zero else { throw Failure(reason: tooSlow) }
            var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            // Rounded up, so that the last millisecond is not spent spinning.
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
            let result = poll(&entry, 1, Int32(clamping: milliseconds))
            if result > 0 { return }
            if result < 0, errno != EINTR { throw Failure(reason: text(of: errno)) }
        }
    }

    private static func text(of code: Int32) -> String { String(cString: strerror(code)) }
}
