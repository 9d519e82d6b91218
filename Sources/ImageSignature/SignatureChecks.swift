/// Makes verifiers of signed images.
public struct SignatureChecks: Sendable {
    private let keyManager: KeyManager

    public init(keyManager: KeyManager) { self.keyManager = keyManager }

    /// What has to verify an image's data; nil for an image that is not signed.
    ///
    /// - Parameters:
    ///   - user: who brings the data; the certificate is fetched with that token. nil has no access to any.
    ///   - note: gets the reason of a failure of the key manager, for the log.
    /// - Throws: ``SignatureError``.
    public func verifier(
        properties: [String: String?], for user: KeyManager.User?, note: (KeyManager.Failure) -> Void = { _ in }
    ) async throws(SignatureError) -> SignatureVerifier? {
        guard let signature = try ImageSignature(properties: properties) else { return nil }
        let id = signature.certificateID
        guard let user else { throw .certificateUnavailable(id) }
        let secret: KeyManager.Secret
        do throws(KeyManager.Failure) {
            secret = try await keyManager.certificate(id, for: user)
        } catch {
            note(error)
            throw error == .notFound ? .certificateNotFound(id) : .certificateUnavailable(id)
        }
        guard secret.isCertificate else { throw .notACertificate(id) }
        return try SignatureVerifier(signature, certificate: secret.bytes)
    }
}
