package import Cryptography
package import NIOCore

extension Digest {
    /// Bytes of the hash that an algorithm gives images (`hashing_algorithm`).
    ///
    /// - Throws: ``ServiceError/invalid(_:)`` for a name that cannot be used.
    package static func imageHashSize(_ algorithm: String) throws(ServiceError) -> Int {
        do throws(CryptographyError) {
            return try size(of: algorithm)
        } catch {
            throw ServiceError(error)
        }
    }

    /// Takes a buffer's bytes from where they are.
    package mutating func update(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { update($0) }
    }
}

extension ServiceError {
    fileprivate init(_ error: CryptographyError) {
        self =
            switch error {
            case .unknownAlgorithm(let name):
                .invalid("'\(name)' is not a hash algorithm of this system's libcrypto.")
            case .forbiddenAlgorithm(let name):
                .invalid("The hash algorithm '\(name)' is disabled on this system.")
            // No option says which length is meant.
            case .noFixedLength(let name):
                .invalid("The hash algorithm '\(name)' has no fixed length and cannot be used for images.")
            case .outOfMemory: .unavailable("No memory for a hash.")
            }
    }
}
