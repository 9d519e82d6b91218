/// Why an operation on metadata definitions was refused. The texts are for the client.
public enum MetadefError: Error, Sendable, Equatable {
    /// 404
    case notFound(String)
    /// 409
    case duplicate(String)
    /// 403: the namespace of this name is protected.
    case protected(String)

    public var text: String {
        switch self {
        case .notFound(let text), .duplicate(let text): text
        case .protected(let name):
            "The metadata definition namespace \(name) is protected: nothing can be deleted in it."
        }
    }
}
