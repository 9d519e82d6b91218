import Cryptography
import Testing

@Suite struct AuthenticatedEncryptionTests {
    private let key = [UInt8](repeating: 7, count: 32)

    @Test(arguments: [0, 1, 16, 100_000]) func whatIsSealedOpens(count: Int) throws {
        let plain = [UInt8](repeating: 1, count: count)
        let sealed = try #require(AuthenticatedEncryption.seal(plain, key: key, context: [1]))
        #expect(AuthenticatedEncryption.open(sealed, key: key, context: [1]) == plain)
        #expect(AuthenticatedEncryption.open(sealed, key: key, context: [2]) == nil)
        #expect(AuthenticatedEncryption.open(Array(sealed.dropLast()), key: key, context: [1]) == nil)
        #expect(AuthenticatedEncryption.open(sealed, key: key.map { $0 + 1 }, context: [1]) == nil)
    }

    @Test func otherKeyLengthsAreRefused() {
        #expect(AuthenticatedEncryption.seal([1], key: [1], context: []) == nil)
        #expect(AuthenticatedEncryption.open([UInt8](repeating: 0, count: 64), key: [1], context: []) == nil)
    }
}
