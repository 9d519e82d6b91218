import TextCoding

/// What the four properties of a signed image say (Glance, "Image Signature Verification").
public struct ImageSignature: Sendable, Equatable {
    public enum HashMethod: String, Sendable, CaseIterable {
        case sha224 = "SHA-224"
        case sha256 = "SHA-256"
        case sha384 = "SHA-384"
        case sha512 = "SHA-512"

        /// The name that libcrypto and Python's hashlib have for it.
        public var algorithm: String { rawValue.lowercased().replacing("-", with: "") }
    }

    public enum KeyType: String, Sendable, CaseIterable {
        /// With MGF1 of the same hash and the longest salt.
        case rsaPSS = "RSA-PSS"
        case dsa = "DSA"
        case sect571k1 = "ECC_SECT571K1"
        case sect409k1 = "ECC_SECT409K1"
        case sect571r1 = "ECC_SECT571R1"
        case sect409r1 = "ECC_SECT409R1"
        case secp521r1 = "ECC_SECP521R1"
        case secp384r1 = "ECC_SECP384R1"
    }

    public let bytes: [UInt8]
    public let hashMethod: HashMethod
    public let keyType: KeyType
    /// Under which the key manager has the certificate.
    public let certificateID: String

    /// Nil unless all four properties are there: then nothing is verified.
    ///
    /// - Throws: ``SignatureError`` for properties that cannot be those of a signature.
    public init?(properties: [String: String?]) throws(SignatureError) {
        func property(_ name: String) -> String? { properties["img_signature\(name)"] ?? nil }
        guard let signature = property(""), let hashMethod = property("_hash_method"),
            let keyType = property("_key_type"), let certificateID = property("_certificate_uuid")
        else { return nil }
        // Signatures are often broken into lines.
        guard let bytes = Base64.decode(signature.filter { !$0.isWhitespace }), !bytes.isEmpty else { throw .malformed }
        guard let hashMethod = HashMethod(rawValue: hashMethod) else { throw .unknownHashMethod(hashMethod) }
        guard let keyType = KeyType(rawValue: keyType) else { throw .unknownKeyType(keyType) }
        // It becomes a part of a URL.
        guard UUIDText.isValid(certificateID) else { throw .certificateNotFound(certificateID) }
        self.bytes = bytes
        self.hashMethod = hashMethod
        self.keyType = keyType
        self.certificateID = certificateID
    }
}
