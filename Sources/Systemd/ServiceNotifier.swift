import CLinux
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
        /// The descriptor that comes with this notification is to be kept, under a name, for the next start of the
        /// service (`FileDescriptorStoreMax=`).
        case storeDescriptor(name: String)
        /// What is kept under a name is to be closed.
        case removeDescriptor(name: String)

        var assignment: String {
            switch self {
            case .ready: "READY=1"
            case .reloading(let time): "RELOADING=1\nMONOTONIC_USEC=\(time)"
            case .stopping: "STOPPING=1"
            case .status(let text): "STATUS=" + text.filter { $0 != "\n" }
            case .extendTimeout(let time): "EXTEND_TIMEOUT_USEC=\(time)"
            case .watchdog: "WATCHDOG=1"
            case .storeDescriptor(let name): "FDSTORE=1\nFDNAME=\(name)"
            case .removeDescriptor(let name): "FDSTOREREMOVE=1\nFDNAME=\(name)"
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

    /// How long a message waits for a service manager that is busy, in microseconds.
    private static let timeout = 250_000

    /// Sends `messages` as one datagram.
    ///
    /// - Parameter descriptor: an open file that goes with it.
    /// - Returns: whether the service manager has got it; there is nothing to be done if not.
    @discardableResult
    public func send(_ messages: Message..., descriptor: Int32? = nil) -> Bool {
        let socket = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { close(socket) }
        // A service manager that has stopped to read must not stop the service, too.
        var timeout = timeval(tv_sec: 0, tv_usec: Self.timeout)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var destination = sockaddr_un()
        destination.sun_family = sa_family_t(AF_UNIX)
        var path = Array(address.utf8)
        // An abstract address (unix(7)) starts with a NUL byte, and its length is what counts.
        if path[0] == UInt8(ascii: "@") { path[0] = 0 }
        withUnsafeMutableBytes(of: &destination.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path)! + path.count)
        var text = Array(messages.map(\.assignment).joined(separator: "\n").utf8)
        var rights = descriptor.map { Rights(descriptor: $0) }
        return withUnsafeMutablePointer(to: &destination) { destination in
            text.withUnsafeMutableBytes { text in
                var part = iovec(iov_base: text.baseAddress, iov_len: text.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    message.msg_name = UnsafeMutableRawPointer(destination)
                    message.msg_namelen = length
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    guard rights != nil else { return sendmsg(socket, &message, Int32(MSG_NOSIGNAL)) == text.count }
                    return withUnsafeMutableBytes(of: &rights) { rights in
                        message.msg_control = rights.baseAddress
                        message.msg_controllen = MemoryLayout<Rights>.stride
                        return sendmsg(socket, &message, Int32(MSG_NOSIGNAL)) == text.count
                    }
                }
            }
        }
    }

    /// A control message with one descriptor (cmsg(3), unix(7)).
    private struct Rights {
        private var header = cmsghdr()
        private var descriptor: Int32

        init(descriptor: Int32) {
            header.cmsg_len = MemoryLayout<cmsghdr>.size + MemoryLayout<Int32>.size
            header.cmsg_level = SOL_SOCKET
            header.cmsg_type = Int32(SCM_RIGHTS)
            self.descriptor = descriptor
        }
    }
}
