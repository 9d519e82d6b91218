import Cryptography

/// SHA-256 of a token, by which it is remembered: the token itself is kept nowhere.
struct TokenDigest: Hashable, Sendable {
    let bytes: [UInt8]

    init(of token: String) {
        bytes = Digest.sha256(token)
    }
}
