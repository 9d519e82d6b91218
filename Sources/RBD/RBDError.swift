import Glibc

/// What can go wrong with Ceph. Texts never hold keys.
public enum RBDError: Error, Sendable, Equatable {
    /// librados or librbd is not installed; says which package has it.
    case libraryMissing(String)
    /// The configuration file cannot be used.
    case badConfiguration(String)
    /// The cluster did not answer in time. What was asked for may still happen.
    case timeout
    /// A call has failed. `code` is a number as in errno(3), `doing` what could not be done.
    case failed(code: Int32, doing: String)

    /// The error number, where there is one.
    public var code: Int32? {
        switch self {
        case .failed(let code, _): code
        case .timeout: ETIMEDOUT
        case .libraryMissing, .badConfiguration: nil
        }
    }

    /// Whether a new connection may help: the cluster has shut this one out, or nothing came back on it.
    var isOfConnection: Bool {
        switch code {
        case ESHUTDOWN, ENOTCONN, ETIMEDOUT: true
        default: false
        }
    }

    /// Whether the key that the connection was made with does not permit it.
    var isOfPermission: Bool { code == EACCES || code == EPERM }
}
