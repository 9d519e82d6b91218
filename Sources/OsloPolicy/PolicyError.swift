/// Why a set of policy rules cannot be used. `description` is one line for the operator.
public enum PolicyError: Error, Sendable, Equatable, CustomStringConvertible {
    /// File, and what is wrong with it.
    case badFile(path: String, reason: String)
    case badRule(name: String, reason: String)
    case cyclicReference(name: String)

    public var description: String {
        switch self {
        case .badFile(let path, let reason): "\(path): \(reason)"
        case .badRule(let name, let reason): "policy rule \"\(name)\": \(reason)"
        case .cyclicReference(let name): "policy rule \"\(name)\" refers to itself through its references"
        }
    }
}
