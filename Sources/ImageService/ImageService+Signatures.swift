package import Authorization
import Events
package import ImageModel
package import ImageSignature

/// What images have in the key manager.
extension ImageService {
    /// What has to verify the data of a signed image; nil for others (Glance, "Image Signature Verification").
    ///
    /// - Throws: ``ServiceError/invalid(_:)`` for a signature that cannot be verified.
    package func signatureVerifier(of image: Image, for caller: Caller) async throws(ServiceError) -> SignatureVerifier?
    {
        do throws(SignatureError) {
            guard let keyManager else {
                guard let signature = try ImageSignature(properties: image.properties) else { return nil }
                throw .certificateUnavailable(signature.certificateID)
            }
            return try await SignatureChecks(keyManager: keyManager).verifier(
                properties: image.properties, for: KeyManager.User(caller),
                note: { failure in
                    log(
                        .certificateUnavailable, level: .warning, "The certificate of a signed image could not be got",
                        image: image.id, for: caller, error: failure)
                })
        } catch {
            throw .invalid(error.text)
        }
    }

    /// Compares what was hashed with the signature.
    ///
    /// - Throws: ``ServiceError/invalid(_:)``.
    package static func verify(_ result: UploadResult, by verifier: SignatureVerifier?) throws(ServiceError) {
        guard let verifier else { return }
        do throws(SignatureError) {
            try verifier.verify(digest: result.signedDigest ?? [])
        } catch {
            throw .invalid(error.text)
        }
    }

    /// Deletes the key of an encrypted volume's image, if the image says so (Cinder's `cinder_encryption_key_…` properties).
    /// The image is gone by then; a key that stays is only told.
    func deleteEncryptionKey(of image: Image, for caller: Caller) async {
        guard let id = image.properties["cinder_encryption_key_id"] ?? nil,
            image.properties["cinder_encryption_key_deletion_policy"] == "on_image_deletion"
        else { return }
        do throws(KeyManager.Failure) {
            guard let keyManager, let user = KeyManager.User(caller) else { throw .forbidden }
            try await keyManager.delete(id, for: user)
        } catch {
            log(
                .encryptionKeyKept, level: .warning, "The encryption key of a deleted image could not be deleted",
                image: image.id, for: caller, error: error, ["key_id": .string(id)])
        }
    }
}

extension KeyManager.User {
    /// Nil without a token.
    init?(_ caller: Caller) {
        guard let token = caller.token else { return nil }
        self.init(token: token, catalog: caller.identity?.serviceCatalog)
    }
}
