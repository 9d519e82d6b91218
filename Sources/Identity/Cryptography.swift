import CCrypto

/// The few primitives of libcrypto that the token cache needs.
enum Cryptography {
    static let digestLength = 32
    private static let nonceLength = 12
    private static let tagLength = 16

    static func sha256(_ text: String.UTF8View) -> [UInt8] {
        var text = String(text)
        return [UInt8](unsafeUninitializedCapacity: digestLength) { digest, count in
            text.withUTF8 { _ = EVP_Digest($0.baseAddress, $0.count, digest.baseAddress, nil, EVP_sha256(), nil) }
            count = digestLength
        }
    }

    /// HMAC-SHA-256 of the parts, each preceded by its length so that no two lists of parts give the same text.
    static func hmac(_ key: [UInt8], _ parts: [UInt8]...) -> [UInt8] {
        var message: [UInt8] = []
        for part in parts {
            withUnsafeBytes(of: UInt64(part.count).bigEndian) { message += $0 }
            message += part
        }
        return [UInt8](unsafeUninitializedCapacity: digestLength) { digest, count in
            _ = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, digest.baseAddress, nil)
            count = digestLength
        }
    }

    /// Comparison whose duration tells nothing about the contents.
    static func areEqual(_ one: some Collection<UInt8>, _ other: some Collection<UInt8>) -> Bool {
        one.count == other.count && zip(one, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// AES-256-GCM: nonce, ciphertext, tag. nil when libcrypto fails.
    static func seal(_ plain: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8]? {
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
    static func open(_ sealed: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8]? {
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
