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
        let digits = Array("0123456789abcdef".utf8)
        let name = Cryptography.hmac(secret, Array("key".utf8), Array(realm.utf8), token.bytes)
        return "glance:token:1:"
            + String(decoding: name.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// What to store for `text` under `key`, nil when it cannot be protected.
    func seal(_ text: [UInt8], _ token: TokenDigest, key: String) -> [UInt8]? {
        switch self {
        case .none: text
        case .mac: tag(text, token, key) + text
        case .encrypt: Cryptography.seal(text, key: entrySecret(token), context: Array(key.utf8))
        }
    }

    /// The text that was sealed, nil when somebody else made or changed it.
    func open(_ sealed: [UInt8], _ token: TokenDigest, key: String) -> [UInt8]? {
        switch self {
        case .none: return sealed
        case .mac:
            let text = Array(sealed.dropFirst(Cryptography.digestLength))
            let isGenuine = Cryptography.areEqual(sealed.prefix(Cryptography.digestLength), tag(text, token, key))
            return isGenuine ? text : nil
        case .encrypt:
            return Cryptography.open(sealed, key: entrySecret(token), context: Array(key.utf8))
        }
    }

    /// Each entry has a secret of its own, made from the token too.
    private func entrySecret(_ token: TokenDigest) -> [UInt8] {
        Cryptography.hmac(secret, Array("entry".utf8), token.bytes)
    }

    private func tag(_ text: [UInt8], _ token: TokenDigest, _ key: String) -> [UInt8] {
        Cryptography.hmac(entrySecret(token), Array(key.utf8), text)
    }
}
