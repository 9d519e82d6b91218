import Cryptography
import Testing

@Suite struct DigestTests {
    /// RFC 1321, FIPS 180-4 and 202, RFC 7693: the hash of `abc`.
    @Test(arguments: [
        ("md5", "900150983cd24fb0d6963f7d28e17f72"), ("MD5", "900150983cd24fb0d6963f7d28e17f72"),
        ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "sha512",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        ("sha3_256", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
        ("sha3-256", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
        ("sha512_256", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
        ("blake2s", "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"),
        (
            "blake2b",
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                + "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"
        ),
    ])
    func knowsTheHashesOfPython(_ algorithm: String, _ expected: String) throws {
        var digest = try Digest(algorithm)
        digest.update(Array("a".utf8))
        digest.update([])
        Array("bc".utf8).withUnsafeBytes { digest.update($0) }
        #expect(digest.hexadecimal() == expected)
        #expect(try Digest.size(of: algorithm) * 2 == expected.count)
    }

    @Test(arguments: ["", "nonsense", "sha513", "md5 "])
    func refusesOtherNames(_ algorithm: String) throws {
        #expect(throws: CryptographyError.unknownAlgorithm(algorithm)) { _ = try Digest(algorithm) }
        #expect(throws: CryptographyError.unknownAlgorithm(algorithm)) { try Digest.size(of: algorithm) }
        #expect(!Digest.isUsable(algorithm))
    }

    @Test(arguments: ["shake_128", "null"])
    func refusesWhatHasNoLength(_ algorithm: String) {
        #expect(throws: CryptographyError.noFixedLength(algorithm)) { _ = try Digest(algorithm) }
        #expect(throws: CryptographyError.noFixedLength(algorithm)) { try Digest.size(of: algorithm) }
    }
}
