/// Why a claim was refused. The texts are for the client.
public enum LimitError: Error, Sendable, Equatable {
    /// It does not fit into the project's limit; the text is in the words of oslo.limit, which clients know from Glance.
    case exceeded(String)
    /// Keystone's limits have never been read yet.
    case unknown(String)
}
