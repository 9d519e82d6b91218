import CCrypto
import TextCoding

/// An incremental hash by libcrypto's EVP interface, which has every algorithm that it knows by name.
public struct Digest: ~Copyable {
    private let context: OpaquePointer

    /// - Parameter algorithm: name as Python's hashlib or OpenSSL know it: `md5`, `sha512`, `sha3_256`, `blake2b`.
    /// - Throws: ``CryptographyError`` for a name that cannot be used.
    public init(_ algorithm: String) throws(CryptographyError) {
        let type = try Self.fetch(algorithm)
        defer { EVP_MD_free(type) }
        guard let context = EVP_MD_CTX_new() else { throw .outOfMemory }
        guard EVP_DigestInit_ex2(context, type, nil) == 1 else {
            EVP_MD_CTX_free(context)
            throw .forbiddenAlgorithm(algorithm)
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Takes bytes from where they are.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The hash.
    public consuming func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { hash, count in
            var size: UInt32 = 0
            EVP_DigestFinal_ex(context, hash.baseAddress, &size)
            count = Int(size)
        }
    }

    /// The hash in lower-case hexadecimal.
    public consuming func hexadecimal() -> String { Hexadecimal.text(finish()) }

    /// Whether an algorithm can be used on this system.
    public static func isUsable(_ algorithm: String) -> Bool { (try? Digest(algorithm)) != nil }

    /// Bytes of an algorithm's result.
    ///
    /// - Throws: ``CryptographyError`` for a name that cannot be used.
    public static func size(of algorithm: String) throws(CryptographyError) -> Int {
        let type = try fetch(algorithm)
        defer { EVP_MD_free(type) }
        return Int(EVP_MD_get_size(type))
    }

    /// SHA-256 of a text's UTF-8.
    public static func sha256(_ text: String) -> [UInt8] {
        var text = text
        return [UInt8](unsafeUninitializedCapacity: MessageAuthentication.length) { digest, count in
            text.withUTF8 {
                _ = EVP_Digest($0.baseAddress, $0.count, digest.baseAddress, nil, sha256Type.pointer, nil)
            }
            count = MessageAuthentication.length
        }
    }

    /// `@unchecked Sendable`: libcrypto's algorithms never change, and may be used by all threads.
    private struct Algorithm: @unchecked Sendable { let pointer: OpaquePointer? }

    /// Fetched once: `EVP_sha256()` looks for it at each use (crypto(7ossl), "Implicit fetching"), which takes longer than the
    /// digest of a token. Where it cannot be fetched that is what is left.
    private static let sha256Type = Algorithm(pointer: EVP_MD_fetch(nil, "SHA256", nil) ?? EVP_sha256())

    /// The caller frees the result.
    ///
    /// The hashes of images are checksums, not signatures, so MD5 has to work where a FIPS policy keeps it from other
    /// uses: the query string `-fips` says so, as hashlib's `usedforsecurity=False` does (property(7ossl)).
    private static func fetch(_ algorithm: String) throws(CryptographyError) -> OpaquePointer {
        guard let type = EVP_MD_fetch(nil, opensslName(of: algorithm), "-fips") else {
            ERR_clear_error()
            throw .unknownAlgorithm(algorithm)
        }
        guard EVP_MD_get_flags(type) & UInt(EVP_MD_FLAG_XOF) == 0, EVP_MD_get_size(type) > 0 else {
            EVP_MD_free(type)
            throw .noFixedLength(algorithm)
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
