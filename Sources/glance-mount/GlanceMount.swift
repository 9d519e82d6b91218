import Glibc
import NFSMount

/// `glance-mount`: the mount helper of the store `cinder`, which systemd starts for each connection to its socket.
@main
enum GlanceMount {
    private static let usage = "usage: glance-mount [--user NAME] [--exports FILE], with a connection from systemd"
    /// Where systemd passes the first descriptor (sd_listen_fds(3)).
    private static let connection: Int32 = 3

    static func main() {
        var (user, list) = ("glance", ExportList.path)
        var arguments = CommandLine.arguments.dropFirst()
        while let argument = arguments.popFirst() {
            guard let value = arguments.popFirst() else { end(2, usage) }
            switch argument {
            case "--user": user = value
            case "--exports": list = value
            default: end(2, usage)
            }
        }
        guard getenv("LISTEN_FDS").map({ String(cString: $0) }) == "1",
            getenv("LISTEN_PID").map({ String(cString: $0) }) == "\(getpid())",
            fcntl(connection, F_SETFD, FD_CLOEXEC) == 0
        else { end(2, usage) }
        if let refusal = MountServer(user: user, list: list).serve(connection) {
            end(0, "refused (\(refusal.kind.rawValue)): \(refusal)")
        }
    }

    private static func end(_ status: Int32, _ text: String) -> Never {
        let line = "glance-mount: \(text)\n"
        _ = write(2, line, line.utf8.count)
        exit(status)
    }
}
