/// Why an image's signature does not let it in. The texts are for the client.
public enum SignatureError: Error, Sendable, Equatable {
    /// The signature is not base 64.
    case malformed
    case unknownHashMethod(String)
    case unknownKeyType(String)
    /// The certificate's key is of another type than the property says.
    case otherKeyType(String)
    /// The key manager has none with this id that the user may read.
    case certificateNotFound(String)
    /// The key manager does not answer, or does not give it out.
    case certificateUnavailable(String)
    /// What the key manager has is no X.509 certificate.
    case notACertificate(String)
    /// The signature is not that of the data.
    case wrong

    public var text: String {
        let reason =
            switch self {
            case .malformed: "img_signature is not base 64"
            case .unknownHashMethod(let name): "img_signature_hash_method \(name) is unknown"
            case .unknownKeyType(let name): "img_signature_key_type \(name) is unknown"
            case .otherKeyType(let name): "the certificate's key is not of the type \(name)"
            case .certificateNotFound(let id): "there is no certificate with the id \(id)"
            case .certificateUnavailable(let id): "the certificate with the id \(id) could not be read"
            case .notACertificate(let id): "the secret with the id \(id) is not an X.509 certificate"
            case .wrong: "the signature is not that of the data"
            }
        return "Signature verification failed: \(reason)."
    }
}
