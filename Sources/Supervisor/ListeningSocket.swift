import CLinux
import Glibc

/// Opens listening sockets.
struct ListeningSocket {
    let host: String
    let port: Int
    let backlog: Int

    /// Tries for so long while the address is in use, and returns a socket that is close-on-exec.
    ///
    /// - Parameter wait: waits for so long; returns whether to give up.
    /// - Returns: `nil` if `wait` has given up.
    func open(
        within limit: Duration, pause: Duration = .milliseconds(500), wait: (Duration) -> Bool
    ) throws(SupervisorError) -> Int32? {
        let deadline = ContinuousClock.now + limit
        while true {
            do {
                return try open()
            } catch .inUse where ContinuousClock.now + pause < deadline {
                if wait(pause) { return nil }
            } catch {
                throw .couldNotBind(address: address, reason: error.reason)
            }
        }
    }

    /// Whether an open socket is bound to this very address.
    func isAddress(of descriptor: Int32) -> Bool {
        guard let found = try? resolve(), let first = found.pointee.ai_addr else { return false }
        defer { freeaddrinfo(found) }
        var bound = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &bound) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bound in
                guard getsockname(descriptor, bound, &length) == 0 else { return false }
                // Any free port is as good as another.
                return Self.text(of: bound, length, withPort: port != 0)
                    == Self.text(of: first, found.pointee.ai_addrlen, withPort: port != 0)
            }
        }
    }

    /// Address and port in digits.
    private static func text(of address: UnsafePointer<sockaddr>, _ length: socklen_t, withPort: Bool) -> String {
        var host = [CChar](repeating: 0, count: 1025)
        var port = [CChar](repeating: 0, count: 32)
        let flags = Int32(NI_NUMERICHOST | NI_NUMERICSERV)
        guard getnameinfo(address, length, &host, 1025, &port, 32, flags) == 0 else { return "" }
        let parts = [host, withPort ? port : []].map { part in
            String(decoding: part.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return parts.joined(separator: " ")
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

    /// The addresses of the host; to be freed.
    private func resolve() throws(Failure) -> UnsafeMutablePointer<addrinfo> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, "\(port)", &hints, &found)
        guard result == 0, let found else { throw .other(String(cString: gai_strerror(result))) }
        return found
    }

    /// Listens on the first address that the host resolves to.
    private func open() throws(Failure) -> Int32 {
        let found = try resolve()
        defer { freeaddrinfo(found) }
        let first = found.pointee
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

    /// Whether a program that this process turns into has the descriptor open, too.
    static func passOn(_ descriptor: Int32, _ isPassed: Bool) {
        _ = fcntl(descriptor, F_SETFD, isPassed ? 0 : FD_CLOEXEC)
    }

    /// Gives an open descriptor a high number, close-on-exec; the old number is closed.
    static func moveUp(_ descriptor: Int32) throws(SupervisorError) -> Int32 {
        let high = fcntl(descriptor, F_DUPFD_CLOEXEC, lowest)
        guard high >= 0 else { throw .system(call: "fcntl", errno: errno) }
        close(descriptor)
        return high
    }
}
