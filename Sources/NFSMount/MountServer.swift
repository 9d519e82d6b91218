import CLinux
import Glibc

/// The mount helper: one request of the service, on a connection that systemd has accepted.
///
/// It runs as root in a mount namespace of its own. An export is mounted there, at a place that nobody else can see, taken
/// off it again, and handed over as a descriptor of its root (unix(7), SCM_RIGHTS). So there is no path that anybody could
/// have put a symbolic link into, no mount that the rest of the system could see or trip over, and nothing left when the
/// service is killed: the kernel unmounts when the last descriptor is closed.
package struct MountServer {
    private let user: String
    private let list: String
    private let program: MountProgram

    /// Any directory that every system has. In a namespace of its own nothing is covered by what is mounted there.
    private static let place = "/mnt"

    /// - Parameters:
    ///   - user: the name of the only user who is served.
    ///   - list: path of the ``ExportList``.
    package init(user: String, list: String = ExportList.path) {
        self.user = user
        self.list = list
        program = MountProgram(path: "/sbin/mount.nfs", timeLimit: 90)
    }

    /// Answers one request, and closes the connection. Blocks.
    ///
    /// - Returns: what was refused, for the log.
    package func serve(_ connection: Int32) -> MountRefusal? {
        defer { close(connection) }
        let root: Int32?
        do throws(MountRefusal) {
            root = try answer(connection)
        } catch {
            let text = MountReply(error).text
            _ = clinux_send_message(connection, text, text.utf8.count, -1)
            return error
        }
        defer { if let root { close(root) } }
        let text = MountReply(nil).text
        return clinux_send_message(connection, text, text.utf8.count, root ?? -1) == 0
            ? nil : MountRefusal(.failed, "the answer cannot be sent: \(String(cString: strerror(errno)))")
    }

    private func answer(_ connection: Int32) throws(MountRefusal) -> Int32? {
        // First of all: a connection that is closed with something unread in it loses the answer, too.
        let line = try receive(connection)
        let isService = try peerIsService(connection)
        let request = try MountRequest(text: line)
        let exports = try ExportList(path: list).exports
        guard case .mount(let export, let asked) = request else {
            try program.check()
            return nil
        }
        guard isService else { throw refusalOfOthers }
        guard let listed = exports[export] else {
            throw MountRefusal(.export, "\(export) is not in \(list), the list of exports that may be mounted")
        }
        let options = try MountOptions.text(listed: listed, asked: asked)
        guard clinux_own_mounts() == 0 else { throw Self.failure("no mount namespace can be made") }
        try program.mount(export, on: Self.place, options: options)
        // Not only on the program's word.
        guard clinux_restrict_mount(Self.place) == 0 else { throw Self.failure("the mount cannot be restricted") }
        let root = open(Self.place, O_DIRECTORY | O_CLOEXEC | clinux_path_only)
        guard root >= 0 else { throw Self.failure("the mount cannot be opened") }
        guard clinux_take_off_mount(Self.place) == 0 else {
            let refusal = Self.failure("the mount cannot be taken off its place")
            close(root)
            throw refusal
        }
        return root
    }

    private var refusalOfOthers: MountRefusal { MountRefusal(.user, "only the user \(user) is served") }

    /// False for root, who may ask for a check, as `glance-api --check-config` does.
    private func peerIsService(_ connection: Int32) throws(MountRefusal) -> Bool {
        guard let wanted = getpwnam(user)?.pointee.pw_uid else {
            throw MountRefusal(.user, "there is no user \(user), who is the only one that is served")
        }
        var peer: uid_t = 0
        guard clinux_peer_user(connection, &peer) == 0, peer == wanted || peer == 0 else { throw refusalOfOthers }
        return peer == wanted
    }

    private func receive(_ connection: Int32) throws(MountRefusal) -> String {
        // Who connects and says nothing is not waited for.
        var patience = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
        guard poll(&patience, 1, 10_000) == 1 else { throw MountRefusal(.request, "no request has come") }
        var bytes = [UInt8](repeating: 0, count: MountRequest.limit + 1)
        let count = recv(connection, &bytes, bytes.count, 0)
        guard (1...MountRequest.limit).contains(count) else {
            throw MountRefusal(.request, "a request has 1 to \(MountRequest.limit) bytes")
        }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private static func failure(_ doing: String) -> MountRefusal {
        MountRefusal(.failed, "\(doing): \(String(cString: strerror(errno)))")
    }
}
