/// Why a connection to a broker cannot be used any more. The texts have no secrets in them.
enum BrokerError: Error, Equatable, CustomStringConvertible {
    /// The library, the network, or TLS.
    case failed(String)
    /// The broker has closed the connection, or refused to open one.
    case closed(code: Int, reason: String)
    /// The broker has refused an operation.
    case refused(code: Int, reason: String)

    var description: String {
        switch self {
        case .failed(let reason): reason
        case .closed(_, let reason), .refused(_, let reason): reason
        }
    }

    /// The broker does not take a message as it is: it is too large.
    var isAboutMessage: Bool {
        if case .refused(406, _) = self { true } else { false }
    }
}
