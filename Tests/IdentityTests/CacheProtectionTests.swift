import Testing

@testable import Identity

@Suite struct CacheProtectionTests {
    private static let text = Array(#"{"token":"facts"}"#.utf8)
    private let token = TokenDigest(of: "token")
    private let other = TokenDigest(of: "other")

    private static let secret = Array("s3cret".utf8)
    static let strategies: [CacheProtection] = [.none, .mac(secret: secret), .encrypt(secret: secret)]

    @Test(arguments: strategies) func whatIsSealedOpens(protection: CacheProtection) throws {
        let key = protection.entryKey(token, realm: "r")
        for text in [Self.text, [], [UInt8](repeating: 7, count: 100_000)] {
            let sealed = try #require(protection.seal(text, token, key: key))
            #expect(protection.open(sealed, token, key: key) == text)
        }
        #expect(key.utf8.count < 250 && key.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "memcached's rule for keys")
        #expect(protection.entryKey(other, realm: "r") != key)
        #expect(protection.entryKey(token, realm: "q") != key)
    }

    @Test(arguments: strategies.dropFirst()) func everyForgedBitIsSeen(protection: CacheProtection) throws {
        let key = protection.entryKey(token, realm: "r")
        let sealed = try #require(protection.seal(Self.text, token, key: key))
        for bit in 0..<sealed.count * 8 {
            var forged = sealed
            forged[bit / 8] ^= 1 << (bit % 8)
            #expect(protection.open(forged, token, key: key) == nil)
        }
        for length in 0..<sealed.count { #expect(protection.open(Array(sealed[..<length]), token, key: key) == nil) }
        #expect(protection.open(sealed + [0], token, key: key) == nil)
        #expect(protection.open(sealed, other, key: key) == nil, "moved to another token")
        #expect(protection.open(sealed, token, key: key + "x") == nil, "moved to another key")
        for (wrong, right) in [
            (CacheProtection.mac(secret: [1]), CacheProtection.mac(secret: Self.secret)),
            (.encrypt(secret: [1]), .encrypt(secret: Self.secret)),
        ] where right == protection {
            #expect(wrong.open(sealed, token, key: key) == nil, "another secret")
        }
    }

    @Test func encryptionHides() throws {
        let protection = CacheProtection.encrypt(secret: Self.secret)
        let one = try #require(protection.seal(Self.text, token, key: "k"))
        let two = try #require(protection.seal(Self.text, token, key: "k"))
        #expect(one != two)
        #expect(!String(decoding: one, as: UTF8.self).contains("facts"))
    }

    /// The example of FIPS 180-4; parts of a message are kept apart.
    @Test func knownDigests() {
        #expect(
            TokenDigest(of: "abc").bytes == [
                0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
            ])
        #expect(CacheProtection.code([1], [2, 3], [4]) != CacheProtection.code([1], [2], [3, 4]))
        #expect(CacheProtection.code([1], [2]) == CacheProtection.code([1], [2]))
    }
}
