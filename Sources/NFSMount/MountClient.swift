import CLinux
import Glibc

/// Asks the mount helper.
package struct MountClient: Sendable, Equatable {
    /// Path of the helper's socket.
    package let socket: String

    package static let path = "/run/openstack-glance-mount.socket"
    /// Seconds; more than the helper itself needs at most.
    private static let patience = 120

    package init(socket: String = path) { self.socket = socket }

    /// Whether the helper could mount something. Blocks.
    package func check() throws(MountError) {
        if let descriptor = try ask(.check) { close(descriptor) }
    }

    /// Mounts an export. Blocks.
    ///
    /// - Parameter options: as Cinder tells them, with commas between them.
    /// - Returns: a descriptor of the export's root, for openat(2) only. The mount lasts until it, and whatever was opened by
    ///   it, is closed.
    package func mount(_ export: String, options: String) throws(MountError) -> Int32 {
        // What the helper would refuse anyhow, and what could be more than one request.
        guard MountRequest.isExport(export), !options.contains(where: \.isWhitespace) else {
            throw .refused(MountRefusal(.request, "an export is host:/path, without blanks and without .. in it"))
        }
        guard let descriptor = try ask(.mount(export: export, options: options)) else { throw .unreadable }
        return descriptor
    }

    private func ask(_ request: MountRequest) throws(MountError) -> Int32? {
        let connection = try connected()
        defer { close(connection) }
        let line = request.text + "\n"
        guard clinux_send_message(connection, line, line.utf8.count, -1) == 0 else { throw .unreadable }
        var bytes = [UInt8](repeating: 0, count: MountReply.limit)
        var descriptor: Int32 = -1
        let count = clinux_receive_message(connection, &bytes, bytes.count, &descriptor)
        guard count > 0, let reply = MountReply(text: String(decoding: bytes[..<count], as: UTF8.self)) else {
            if descriptor >= 0 { close(descriptor) }
            throw .unreadable
        }
        if let refusal = reply.refusal {
            if descriptor >= 0 { close(descriptor) }
            throw .refused(refusal)
        }
        return descriptor >= 0 ? descriptor : nil
    }

    private func connected() throws(MountError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array(socket.utf8)
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { throw .absent(socket) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let connection = Glibc.socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard connection >= 0 else { throw .failed(errno) }
        var patience = timeval(tv_sec: Self.patience, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(connection, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else {
            let code = errno
            close(connection)
            throw [ENOENT, ECONNREFUSED].contains(code) ? .absent(socket) : .failed(code)
        }
        return connection
    }
}
