import CLinux
import Glibc

/// Options of raw sockets. They are best effort: a listening socket need not be TCP (systemd.socket(5)).
enum SocketOptions {
    /// Sets what accepted connections inherit on Linux, and the length of the accept queue.
    static func prepare(listening socket: Int32, _ options: HTTPListenerOptions) {
        set(socket, SOL_SOCKET, SO_KEEPALIVE, 1)
        if options.tcpKeepIdle > 0 {
            set(socket, Int32(IPPROTO_TCP), TCP_KEEPIDLE, Int32(clamping: min(options.tcpKeepIdle, 32767)))
        }
        set(socket, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        listen(socket, Int32(clamping: options.backlog))
    }

    /// Makes close(2) reset the connection instead of ending it in order.
    static func resetOnClose(_ socket: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Keeps what doesn't fill a packet (1), or sends it (0).
    static func setCork(_ socket: Int32, _ value: Int32) { set(socket, Int32(IPPROTO_TCP), TCP_CORK, value) }

    /// Whether there is anything to be read (more than 0), the peer has shut its side (0), or neither (-1).
    static func peek(_ socket: Int32) -> Int {
        var byte: UInt8 = 0
        return recv(socket, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
    }

    /// Bytes that the peer has acknowledged so far; -1 if the kernel doesn't say.
    static func acknowledgedBytes(_ socket: Int32) -> Int64 { clinux_tcp_bytes_acked(socket) }

    private static func set(_ socket: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        setsockopt(socket, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
