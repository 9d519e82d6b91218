import Glibc
import NIOCore
import Synchronization

/// What a service manager hears from its service: a socket for NOTIFY_SOCKET.
final class ServiceManager: Sendable {
    let path: String
    private let socket: Int32
    private let heard = Mutex<[String]>([])
    private let kept = Mutex<[Int32]>([])

    init() throws {
        var name = Array("/tmp/notify-test-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { throw IOError(errnoCode: errno, reason: "mkdtemp") }
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/socket"
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw IOError(errnoCode: errno, reason: "bind \(path)") }
    }

    deinit {
        close(socket)
        for descriptor in kept.withLock({ $0 }) { close(descriptor) }
        unlink(path)
        rmdir(String(path.dropLast("/socket".count)))
    }

    var environment: [String: String] { ["NOTIFY_SOCKET": path] }

    /// All notifications so far.
    var messages: [String] {
        while let message = receive() { heard.withLock { $0.append(message) } }
        return heard.withLock { $0 }
    }

    /// The last `STATUS=`.
    var status: String {
        messages.last { $0.hasPrefix("STATUS=") }.map { String($0.dropFirst("STATUS=".count)) } ?? ""
    }

    /// Descriptors that were sent to be kept; they stay this object's.
    var descriptors: [Int32] {
        _ = messages
        return kept.withLock { $0 }
    }

    private func receive() -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        var control = [UInt8](repeating: 0, count: 64)
        let count = bytes.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                    let count = recvmsg(socket, &message, Int32(MSG_DONTWAIT | MSG_CMSG_CLOEXEC))
                    // One descriptor behind its header (cmsg(3)).
                    if count >= 0, message.msg_controllen >= 20 {
                        let descriptor = control.loadUnaligned(fromByteOffset: 16, as: Int32.self)
                        kept.withLock { $0.append(descriptor) }
                    }
                    return count
                }
            }
        }
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
