import Cryptography
import NIOCore

/// SHA-256 of a part while it comes.
final class S3PartHash {
    private var digest: Digest?

    func update(_ bytes: ByteBuffer) {
        begin()
        bytes.withUnsafeReadableBytes { digest?.update($0) }
    }

    /// The hash of what came since the last one.
    func finish() -> [UInt8] {
        begin()
        guard let digest = digest.take() else { return [] }
        return digest.finish()
    }

    private func begin() {
        // libcrypto has it always.
        if digest == nil { digest = try? Digest("sha256") }
    }
}
