import CLinux
import Glibc

/// Opens listening sockets.
struct ListeningSocket {
    let host: String
    let port: Int
    let backlog: Int

    /// Tries until `patience` is over while the address is in use, and returns a socket that is close-on-exec.
    func open(patience: Duration, pause: Duration = .milliseconds(500)) throws(SupervisorError) -> Int32 {
        let deadline = ContinuousClock.now + patience
        while true {
            do {
                return try open()
            } catch .inUse where ContinuousClock.now + pause < deadline {
                let nanoseconds = Int(pause.components.attoseconds / 1_000_000_000)
                var time = timespec(tv_sec: Int(pause.components.seconds), tv_nsec: nanoseconds)
                nanosleep(&time, nil)
            } catch {
                throw .couldNotBind(address: address, reason: error.reason)
            }
        }
    }

    private var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private enum Failure: Error {
        case inUse
        case other(String)

        var reason: String {
            switch self {
            case .inUse: String(cString: strerror(EADDRINUSE))
            case .other(let reason): reason
            }
        }
    }

    /// Listens on the first address that the host resolves to.
    private func open() throws(Failure) -> Int32 {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, "\(port)", &hints, &found)
        defer { if let found { freeaddrinfo(found) } }
        guard result == 0, let first = found?.pointee else { throw .other(String(cString: gai_strerror(result))) }

        let descriptor = socket(first.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .other(String(cString: strerror(errno))) }
        Self.set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        // :: takes IPv4 as well, whatever net.ipv6.bindv6only says.
        if first.ai_family == AF_INET6 { Self.set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        guard bind(descriptor, first.ai_addr, first.ai_addrlen) == 0,
            listen(descriptor, Int32(clamping: backlog)) == 0, let high = try? Descriptor.moveUp(descriptor)
        else {
            let reason = errno
            close(descriptor)
            throw reason == EADDRINUSE ? .inUse : .other(String(cString: strerror(reason)))
        }
        return high
    }

    private static func set(_ socket: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        setsockopt(socket, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}

/// Descriptors that children inherit get fixed low numbers there, so the supervisor keeps its own out of that range.
enum Descriptor {
    static let lowest: Int32 = 64

    /// Gives an open descriptor a high number, close-on-exec; the old number is closed.
    static func moveUp(_ descriptor: Int32) throws(SupervisorError) -> Int32 {
        let high = fcntl(descriptor, F_DUPFD_CLOEXEC, lowest)
        guard high >= 0 else { throw .system(call: "fcntl", errno: errno) }
        close(descriptor)
        return high
    }
}
