import CCrypto

/// A signature and the key that it has to be of. The data are hashed by whoever has them, with ``hashAlgorithm``.
///
/// `@unchecked`: the key is only read.
public final class SignatureVerifier: @unchecked Sendable {
    private let signature: ImageSignature
    private let key: OpaquePointer

    /// - Parameter certificate: X.509 in PEM or DER form.
    /// - Throws: ``SignatureError/notACertificate(_:)``, ``SignatureError/otherKeyType(_:)``.
    public init(_ signature: ImageSignature, certificate: [UInt8]) throws(SignatureError) {
        self.signature = signature
        guard let key = Self.publicKey(certificate) else { throw .notACertificate(signature.certificateID) }
        self.key = key
        let kind =
            switch signature.keyType {
            case .rsaPSS: ["RSA", "RSA-PSS"]
            case .dsa: ["DSA"]
            case .sect571k1, .sect409k1, .sect571r1, .sect409r1, .secp521r1, .secp384r1: ["EC"]
            }
        guard kind.contains(where: { EVP_PKEY_is_a(key, $0) == 1 }) else {
            throw .otherKeyType(signature.keyType.rawValue)
        }
    }

    deinit { EVP_PKEY_free(key) }

    /// As libcrypto knows it, such as `sha256`.
    public var hashAlgorithm: String { signature.hashMethod.algorithm }

    /// - Parameter digest: of all of the image's data, by ``hashAlgorithm``. Never a digest of a digest: what is signed are the
    ///   data themselves (CVE-2015-8234).
    /// - Throws: ``SignatureError/wrong``.
    public func verify(digest: [UInt8]) throws(SignatureError) {
        defer { ERR_clear_error() }
        guard let context = EVP_PKEY_CTX_new(key, nil) else { throw .wrong }
        defer { EVP_PKEY_CTX_free(context) }
        guard EVP_PKEY_verify_init(context) == 1, EVP_PKEY_CTX_set_signature_md(context, hash) == 1 else {
            throw .wrong
        }
        if signature.keyType == .rsaPSS {
            guard EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1,
                EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash) == 1,
                EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_MAX) == 1
            else { throw .wrong }
        }
        guard EVP_PKEY_verify(context, signature.bytes, signature.bytes.count, digest, digest.count) == 1 else {
            throw .wrong
        }
    }

    private var hash: OpaquePointer? {
        switch signature.hashMethod {
        case .sha224: EVP_sha224()
        case .sha256: EVP_sha256()
        case .sha384: EVP_sha384()
        case .sha512: EVP_sha512()
        }
    }

    /// The caller frees it.
    private static func publicKey(_ certificate: [UInt8]) -> OpaquePointer? {
        defer { ERR_clear_error() }
        guard certificate.count < 1 << 20, let source = BIO_new_mem_buf(certificate, Int32(certificate.count)) else {
            return nil
        }
        defer { BIO_free(source) }
        let isText = certificate.starts(with: Array("-----BEGIN".utf8))
        guard let parsed = isText ? PEM_read_bio_X509(source, nil, nil, nil) : d2i_X509_bio(source, nil) else {
            return nil
        }
        defer { X509_free(parsed) }
        return X509_get_pubkey(parsed)
    }
}
