import Glibc

/// Tells the service manager how the service is doing: the protocol of sd_notify(3).
public struct ServiceNotifier: Sendable {
    /// One assignment of a notification.
    public enum Message: Sendable, Equatable {
        /// The start or reload is complete.
        case ready
        /// The configuration is being read again; when that began, in microseconds of CLOCK_MONOTONIC.
        case reloading(monotonicMicroseconds: UInt64)
        case stopping
        /// One line for `systemctl status`.
        case status(String)
        /// A start, reload or stop goes on for at least so many microseconds more.
        case extendTimeout(microseconds: UInt64)
        case watchdog

        var assignment: String {
            switch self {
            case .ready: "READY=1"
            case .reloading(let time): "RELOADING=1\nMONOTONIC_USEC=\(time)"
            case .stopping: "STOPPING=1"
            case .status(let text): "STATUS=" + text.filter { $0 != "\n" }
            case .extendTimeout(let time): "EXTEND_TIMEOUT_USEC=\(time)"
            case .watchdog: "WATCHDOG=1"
            }
        }
    }

    private let address: String

    /// - Returns: `nil` when nobody wants to be told: `NOTIFY_SOCKET` isn't set, or no Unix socket.
    public init?(environment: [String: String]) {
        guard let address = environment["NOTIFY_SOCKET"], address.utf8.count > 1, address.utf8.count < 108,
            address.first == "/" || address.first == "@"
        else { return nil }
        self.address = address
    }

    /// Sends `messages` as one datagram.
    ///
    /// - Returns: whether the service manager has got it; there is nothing to be done if not.
    @discardableResult
    public func send(_ messages: Message...) -> Bool {
        let socket = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { close(socket) }
        var destination = sockaddr_un()
        destination.sun_family = sa_family_t(AF_UNIX)
        var path = Array(address.utf8)
        // An abstract address (unix(7)) starts with a NUL byte, and its length is what counts.
        if path[0] == UInt8(ascii: "@") { path[0] = 0 }
        withUnsafeMutableBytes(of: &destination.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path)! + path.count)
        let text = Array(messages.map(\.assignment).joined(separator: "\n").utf8)
        return withUnsafePointer(to: &destination) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(socket, text, text.count, Int32(MSG_NOSIGNAL), $0, length) == text.count
            }
        }
    }
}
