import CCrypto

/// AES-256-GCM: who lacks the key can neither read nor change what is sealed.
public enum AuthenticatedEncryption {
    private static let nonceLength = 12
    private static let tagLength = 16

    /// Nonce, ciphertext and tag; nil when libcrypto fails.
    ///
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - context: what has to be the same when it is opened.
    public static func seal(_ plain: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8]? {
        guard let cipher = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(cipher) }
        var nonce = [UInt8](repeating: 0, count: nonceLength)
        var tag = [UInt8](repeating: 0, count: tagLength)
        var text = [UInt8](repeating: 0, count: plain.count)
        var count: Int32 = 0
        guard plain.count < Int32.max, key.count == 32,
            RAND_bytes(&nonce, Int32(nonceLength)) == 1,
            EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1,
            EVP_EncryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1,
            EVP_EncryptUpdate(cipher, &text, &count, plain, Int32(plain.count)) == 1,
            EVP_EncryptFinal_ex(cipher, nil, &count) == 1,
            EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), &tag) == 1
        else { return nil }
        return nonce + text + tag
    }

    /// What ``seal(_:key:context:)`` sealed; nil when a single bit of it, or the key or context, is another.
    public static func open(_ sealed: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8]? {
        guard sealed.count >= nonceLength + tagLength, sealed.count < Int32.max, key.count == 32,
            let cipher = EVP_CIPHER_CTX_new()
        else { return nil }
        defer { EVP_CIPHER_CTX_free(cipher) }
        let nonce = Array(sealed.prefix(nonceLength))
        let text = Array(sealed.dropFirst(nonceLength).dropLast(tagLength))
        var tag = Array(sealed.suffix(tagLength))
        var plain = [UInt8](repeating: 0, count: text.count)
        var count: Int32 = 0
        guard EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1,
            EVP_DecryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1,
            EVP_DecryptUpdate(cipher, &plain, &count, text, Int32(text.count)) == 1,
            EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), &tag) == 1,
            EVP_DecryptFinal_ex(cipher, nil, &count) == 1
        else { return nil }
        return plain
    }
}
