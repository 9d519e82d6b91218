import Glibc

/// Why there is no mount.
package enum MountError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Nobody listens on the helper's socket.
    case absent(String)
    /// The socket cannot be used, with an error number.
    case failed(Int32)
    case refused(MountRefusal)
    /// The helper has ended without an answer, or did not answer in time.
    case unreadable

    /// For the operator.
    package var description: String {
        switch self {
        case .absent(let socket):
            "the mount helper does not listen on \(socket): systemctl enable --now openstack-glance-mount.socket"
        case .failed(let code): "the mount helper cannot be reached: \(String(cString: strerror(code)))"
        case .refused(let refusal): "the mount helper says: \(refusal)"
        case .unreadable: "the mount helper has not answered; its log is that of openstack-glance-mount@*.service"
        }
    }
}
