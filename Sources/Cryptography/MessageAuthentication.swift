import CCrypto

/// HMAC with SHA-256 (RFC 2104).
public enum MessageAuthentication {
    /// Bytes of a code.
    public static let length = 32

    /// The code of `message` under `key`.
    public static func code(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: length) { code, count in
            // Without a key's address libcrypto would take the key of the call before.
            _ =
                key.isEmpty
                ? HMAC(EVP_sha256(), "", 0, message, message.count, code.baseAddress, nil)
                : HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, code.baseAddress, nil)
            count = length
        }
    }

    /// Comparison whose duration tells nothing about the contents.
    public static func areEqual(_ one: some Collection<UInt8>, _ other: some Collection<UInt8>) -> Bool {
        one.count == other.count && zip(one, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
