import Cryptography
import TextCoding

/// What keeps others that reach memcached from reading or forging verdicts: `memcache_security_strategy`.
enum CacheProtection: Sendable, Equatable {
    case none
    /// Whoever lacks the secret can read but not forge.
    case mac(secret: [UInt8])
    /// Whoever lacks the secret can neither read nor forge.
    case encrypt(secret: [UInt8])

    init(strategy: String, secret: String?) throws(IdentityError) {
        let bytes = Array((secret ?? "").utf8)
        switch strategy.uppercased() {
        case "NONE": self = .none
        case "MAC": self = .mac(secret: bytes)
        case "ENCRYPT": self = .encrypt(secret: bytes)
        default:
            throw .badConfiguration(
                "[keystone_authtoken] memcache_security_strategy: \"\(strategy)\" isn't one of None, MAC, ENCRYPT")
        }
        if self != .none, bytes.isEmpty {
            throw .badConfiguration(
                "[keystone_authtoken] memcache_secret_key isn't set: memcache_security_strategy = \(strategy) needs it")
        }
    }

    private var secret: [UInt8] {
        switch self {
        case .none: []
        case .mac(let secret), .encrypt(let secret): secret
        }
    }

    /// Key of a token's entry. Nobody finds the token from it; without the secret nobody finds the key from the token.
    ///
    /// - Parameter realm: what must not share entries, such as the address of Keystone.
    func entryKey(_ token: TokenDigest, realm: String) -> String {
        "glance:token:1:" + Hexadecimal.text(Self.code(secret, Array("key".utf8), Array(realm.utf8), token.bytes))
    }

    /// What to store for `text` under `key`, nil when it cannot be protected.
    func seal(_ text: [UInt8], _ token: TokenDigest, key: String) -> [UInt8]? {
        switch self {
        case .none: text
        case .mac: tag(text, token, key) + text
        case .encrypt: AuthenticatedEncryption.seal(text, key: entrySecret(token), context: Array(key.utf8))
        }
    }

    /// The text that was sealed, nil when somebody else made or changed it.
    func open(_ sealed: [UInt8], _ token: TokenDigest, key: String) -> [UInt8]? {
        switch self {
        case .none: return sealed
        case .mac:
            let text = Array(sealed.dropFirst(MessageAuthentication.length))
            let isGenuine = MessageAuthentication.areEqual(
                sealed.prefix(MessageAuthentication.length), tag(text, token, key))
            return isGenuine ? text : nil
        case .encrypt:
            return AuthenticatedEncryption.open(sealed, key: entrySecret(token), context: Array(key.utf8))
        }
    }

    /// Each entry has a secret of its own, made from the token too.
    private func entrySecret(_ token: TokenDigest) -> [UInt8] {
        Self.code(secret, Array("entry".utf8), token.bytes)
    }

    private func tag(_ text: [UInt8], _ token: TokenDigest, _ key: String) -> [UInt8] {
        Self.code(entrySecret(token), Array(key.utf8), text)
    }

    /// HMAC-SHA-256 of the parts, each preceded by its length so that no two lists of parts give the same text.
    static func code(_ key: [UInt8], _ parts: [UInt8]...) -> [UInt8] {
        var message: [UInt8] = []
        for part in parts {
            withUnsafeBytes(of: UInt64(part.count).bigEndian) { message += $0 }
            message += part
        }
        return MessageAuthentication.code(message, key: key)
    }
}
