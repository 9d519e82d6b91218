import Cryptography
import NIOCore
import TextCoding

/// Signatures of the pieces of a body that is sent as it comes (*Signature Calculations for the Authorization Header: Transferring
/// Payload in Multiple Chunks* in the Amazon S3 API Reference). Each covers the one before it, so the service misses no piece.
struct S3ChunkSignature {
    /// What a request with such a body has instead of the body's hash.
    static let payload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    private static let algorithm = "AWS4-HMAC-SHA256-PAYLOAD"
    /// Bytes of a piece; only the last one has fewer. S3 takes no pieces below 8 KiB.
    static let size = 128 << 10

    private let key: [UInt8]
    private let time: String
    private let scope: String
    private var previous: String

    /// - Parameters:
    ///   - seed: the signature of the request itself.
    ///   - key: that it was made with.
    init(seed: String, key: [UInt8], time: String, scope: String) {
        previous = seed
        self.key = key
        self.time = time
        self.scope = scope
    }

    /// A piece as it is sent. The last one, by which the service knows that the body is complete, has no bytes.
    mutating func frame(_ data: ByteBuffer) -> ByteBuffer {
        let hash = S3PartHash()
        hash.update(data)
        let text = [
            Self.algorithm, time, scope, previous, S3Signature.emptyPayload, Hexadecimal.text(hash.finish()),
        ].joined(separator: "\n")
        previous = Hexadecimal.text(MessageAuthentication.code(Array(text.utf8), key: key))
        var frame = ByteBuffer()
        frame.reserveCapacity(Int(Self.framedSize(of: data.readableBytes)))
        frame.writeString("\(String(data.readableBytes, radix: 16));chunk-signature=\(previous)\r\n")
        frame.writeImmutableBuffer(data)
        frame.writeString("\r\n")
        return frame
    }

    /// Bytes that a body becomes.
    static func length(of body: Int64) -> Int64 {
        let last = Int(body % Int64(size))
        return body / Int64(size) * framedSize(of: size) + (last > 0 ? framedSize(of: last) : 0) + framedSize(of: 0)
    }

    private static func framedSize(of piece: Int) -> Int64 {
        Int64(String(piece, radix: 16).utf8.count + ";chunk-signature=".utf8.count + 64 + 4 + piece)
    }
}
