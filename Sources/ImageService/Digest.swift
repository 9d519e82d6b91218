import CCrypto
import NIOCore

/// An incremental hash by libcrypto's EVP interface, which has every algorithm that `hashing_algorithm` may name.
public struct Digest: ~Copyable {
    private let context: OpaquePointer

    /// - Parameter algorithm: name as hashlib and OpenSSL know it: `md5`, `sha512`, `sha3_256`, `blake2b`.
    /// - Throws: ``ServiceError/invalid(_:)`` for a name that cannot be used.
    init(_ algorithm: String) throws(ServiceError) {
        let type = try Self.fetch(algorithm)
        defer { EVP_MD_free(type) }
        guard let context = EVP_MD_CTX_new() else { throw .unavailable("No memory for a hash.") }
        guard EVP_DigestInit_ex2(context, type, nil) == 1 else {
            EVP_MD_CTX_free(context)
            throw .invalid("The hash algorithm '\(algorithm)' is disabled on this system.")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    mutating func update(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { _ = EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    }

    /// The hash in lower-case hexadecimal.
    consuming func finish() -> String {
        var hash = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        EVP_DigestFinal_ex(context, &hash, &count)
        let digits = Array("0123456789abcdef".utf8)
        let text = hash.prefix(Int(count)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether images can be hashed by an algorithm (`hashing_algorithm`) on this system.
    public static func isUsable(_ algorithm: String) -> Bool { (try? Digest(algorithm)) != nil }

    /// Bytes of an algorithm's result.
    ///
    /// - Throws: ``ServiceError/invalid(_:)`` for a name that cannot be used.
    static func size(of algorithm: String) throws(ServiceError) -> Int {
        let type = try fetch(algorithm)
        defer { EVP_MD_free(type) }
        return Int(EVP_MD_get_size(type))
    }

    /// The caller frees the result.
    ///
    /// The hashes of images are checksums, not signatures, so MD5 has to work where a FIPS policy keeps it from other
    /// uses: the query string `-fips` says so, as hashlib's `usedforsecurity=False` does (property(7ossl)).
    private static func fetch(_ algorithm: String) throws(ServiceError) -> OpaquePointer {
        guard let type = EVP_MD_fetch(nil, opensslName(of: algorithm), "-fips") else {
            ERR_clear_error()
            throw .invalid("'\(algorithm)' is not a hash algorithm of this system's libcrypto.")
        }
        // Functions such as shake_128 have no length of their own, and no option says which one is meant.
        guard EVP_MD_get_flags(type) & UInt(EVP_MD_FLAG_XOF) == 0, EVP_MD_get_size(type) > 0 else {
            EVP_MD_free(type)
            throw .invalid("The hash algorithm '\(algorithm)' has no fixed length and cannot be used for images.")
        }
        return type
    }

    /// Python's hashlib writes `sha3_256` and `blake2b` where OpenSSL says `sha3-256` and `blake2b512`.
    private static func opensslName(of algorithm: String) -> String {
        switch algorithm.lowercased() {
        case "blake2b": "blake2b512"
        case "blake2s": "blake2s256"
        case let name: String(name.map { $0 == "_" ? "-" : $0 })
        }
    }
}
