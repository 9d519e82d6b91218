import Glibc
import Synchronization

/// The local syslog daemon, spoken to over its datagram socket in the form of syslog(3).
///
/// A daemon that is away or too slow costs lines, not time; that is what syslog(3) users expect of a log.
final class Syslog: LogDestination {
    private let path: String
    private let program: String
    private let facility: Int32
    private let socket = Mutex<Int32>(-1)

    /// - Parameter facility: one of the constants of `<syslog.h>`.
    init(path: String = "/dev/log", program: String, facility: Int32) {
        self.path = path
        self.program = program
        self.facility = facility
    }

    deinit { socket.withLock { if $0 >= 0 { _ = close($0) } } }

    func write(_ record: LogRecord, line: () -> String) {
        let stamp = LogClock.format(LogClock.now().tv_sec, "%b %e %H:%M:%S")
        let head = "<\(facility | record.level.syslogSeverity)>\(stamp) \(program)[\(LogProcess.id)]: "
        let datagram = Array((head + line()).utf8)
        socket.withLock { socket in
            // Twice, since the daemon may have been restarted since the last line.
            for _ in 0..<2 {
                if socket < 0 { socket = Self.connect(path) }
                if socket < 0 || Self.send(datagram, to: socket) { return }
                close(socket)
                socket = -1
            }
        }
    }

    func reopen() {
        socket.withLock { socket in
            if socket >= 0 { close(socket) }
            socket = -1
        }
    }

    /// Whether the connection is good for further lines.
    private static func send(_ datagram: [UInt8], to socket: Int32) -> Bool {
        var length = datagram.count
        while Glibc.send(socket, datagram, length, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) < 0 {
            switch errno {
            case EINTR: continue
            // Larger than the socket's buffer: half of a line is better than none.
            case EMSGSIZE where length > 1024: length /= 2
            case EAGAIN, ENOBUFS, EMSGSIZE: return true
            default: return false
            }
        }
        return true
    }

    private static func connect(_ path: String) -> Int32 {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { return -1 }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            guard path.utf8.count < buffer.count else { return false }
            buffer.copyBytes(from: path.utf8)
            return true
        }
        let connected =
            fits
            && withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
                }
            }
        if connected { return descriptor }
        close(descriptor)
        return -1
    }

    /// The facility of a name such as `LOG_USER`, `user` or `LOG_LOCAL0`; nil for others.
    static func facility(_ name: String) -> Int32? {
        let names = [
            "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
        ]
        let locals = (0...7).map { "local\($0)" }
        var name = name.lowercased()
        if name.hasPrefix("log_") { name.removeFirst(4) }
        if let index = names.firstIndex(of: name) { return Int32(index) << 3 }
        return locals.firstIndex(of: name).map { Int32(16 + $0) << 3 }
    }
}
