import CCrypto
import NIOCore

/// An incremental hash by libcrypto's EVP interface, which has every algorithm that `hashing_algorithm` may name.
///
/// Not thread-safe: used by one thread at a time.
final class Digest: @unchecked Sendable {
    private let context: OpaquePointer

    /// - Parameter algorithm: name as hashlib and OpenSSL know it: `md5`, `sha512`, `sha3_256`, `blake2b`.
    /// - Throws: ``ServiceError/invalid(_:)`` for an unknown name.
    init(_ algorithm: String) throws(ServiceError) {
        guard let type = Self.type(of: algorithm), let context = EVP_MD_CTX_new() else {
            throw .invalid("'\(algorithm)' is not a hash algorithm of this system's libcrypto.")
        }
        guard EVP_DigestInit_ex(context, type, nil) == 1 else {
            EVP_MD_CTX_free(context)
            throw .invalid("The hash algorithm '\(algorithm)' is disabled on this system.")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { _ = EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    }

    /// The hash in lower-case hexadecimal. The value must not be used after this.
    func finish() -> String {
        var hash = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        EVP_DigestFinal_ex(context, &hash, &count)
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: hash.prefix(Int(count)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Bytes of an algorithm's result.
    ///
    /// - Throws: ``ServiceError/invalid(_:)`` for an unknown name.
    static func size(of algorithm: String) throws(ServiceError) -> Int {
        guard let type = type(of: algorithm) else {
            throw .invalid("'\(algorithm)' is not a hash algorithm of this system's libcrypto.")
        }
        return Int(EVP_MD_get_size(type))
    }

    /// Python's hashlib writes `sha3_256` and `blake2b` where OpenSSL says `sha3-256` and `blake2b512`.
    private static func type(of algorithm: String) -> OpaquePointer? {
        let names = ["blake2b": "blake2b512", "blake2s": "blake2s256"]
        return EVP_get_digestbyname(names[algorithm] ?? String(algorithm.map { $0 == "_" ? "-" : $0 }))
    }
}
