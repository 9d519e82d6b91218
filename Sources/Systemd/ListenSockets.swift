import CLinux
import Glibc

/// A listening socket that the service manager has opened for us (sd_listen_fds(3)).
public struct ListenSocket: Sendable, Equatable {
    /// `FileDescriptorName=` of the socket unit; `unknown` if it has none.
    public let name: String
    /// Open, listening, close-on-exec.
    public let descriptor: Int32

    /// The listening stream sockets among the descriptors that were passed to this process. Other descriptors are left
    /// alone.
    ///
    /// - Parameter first: the number of the first descriptor; 3 but in tests.
    public static func inherited(environment: [String: String], first: Int32 = 3) -> [ListenSocket] {
        guard environment["LISTEN_PID"] == "\(getpid())", let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }),
            (1...1024).contains(count)
        else { return [] }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        return (0..<count).compactMap { index in
            let descriptor = first + index
            guard isListening(descriptor) else { return nil }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let name = Int(index) < names.count ? String(names[Int(index)]) : ""
            return ListenSocket(name: name.isEmpty ? "unknown" : name, descriptor: descriptor)
        }
    }

    private static func isListening(_ descriptor: Int32) -> Bool {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0, value == 1 else { return false }
        return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &value, &length) == 0 && value == Int32(SOCK_STREAM.rawValue)
    }
}
