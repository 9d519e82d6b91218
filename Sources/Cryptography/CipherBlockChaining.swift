import CCrypto

/// AES in CBC mode (NIST SP 800-38A), without padding. It doesn't tell whether a text was changed, so it is only for what
/// somebody else has settled on; ``AuthenticatedEncryption`` is for everything else.
public enum CipherBlockChaining {
    /// Bytes of a block and of an initialization vector.
    public static let blockLength = 16
    /// Bytes that a key may have.
    public static let keyLengths = [16, 24, 32]

    /// - Parameters:
    ///   - plain: whole blocks.
    ///   - key: of one of ``keyLengths``.
    ///   - vector: of ``blockLength`` bytes.
    /// - Returns: as many bytes; nil for other lengths, or when libcrypto fails.
    public static func encrypt(_ plain: [UInt8], key: [UInt8], vector: [UInt8]) -> [UInt8]? {
        run(plain, key, vector, encrypts: 1)
    }

    /// What ``encrypt(_:key:vector:)`` was given; something else with another key or vector.
    public static func decrypt(_ text: [UInt8], key: [UInt8], vector: [UInt8]) -> [UInt8]? {
        run(text, key, vector, encrypts: 0)
    }

    private static func run(_ input: [UInt8], _ key: [UInt8], _ vector: [UInt8], encrypts: Int32) -> [UInt8]? {
        let algorithm =
            switch key.count {
            case 16: EVP_aes_128_cbc()
            case 24: EVP_aes_192_cbc()
            case 32: EVP_aes_256_cbc()
            default: OpaquePointer?.none
            }
        guard let algorithm, vector.count == blockLength, input.count % blockLength == 0, input.count < Int32.max,
            let cipher = EVP_CIPHER_CTX_new()
        else { return nil }
        defer { EVP_CIPHER_CTX_free(cipher) }
        var output = [UInt8](repeating: 0, count: input.count + blockLength)
        var count: Int32 = 0
        guard EVP_CipherInit_ex(cipher, algorithm, nil, key, vector, encrypts) == 1,
            EVP_CIPHER_CTX_set_padding(cipher, 0) == 1,
            EVP_CipherUpdate(cipher, &output, &count, input, Int32(input.count)) == 1, count == input.count
        else { return nil }
        return Array(output.prefix(input.count))
    }
}
