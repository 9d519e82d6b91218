import NIOCore
import OutgoingHTTP

/// A body that is sent as it comes, in signed pieces.
struct S3SignedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let source: BodyPipe
    let signature: S3ChunkSignature

    func makeAsyncIterator() -> Iterator { Iterator(source: source.makeAsyncIterator(), signature: signature) }

    struct Iterator: AsyncIteratorProtocol {
        var source: BodyPipe.Iterator
        var signature: S3ChunkSignature
        /// What has come and is not sent.
        private var rest = ByteBuffer()
        private var hasEnded = false

        init(source: BodyPipe.Iterator, signature: S3ChunkSignature) {
            self.source = source
            self.signature = signature
        }

        mutating func next() async throws -> ByteBuffer? {
            if hasEnded { return nil }
            var piece = ByteBuffer()
            while piece.readableBytes < S3ChunkSignature.size {
                if rest.readableBytes == 0 {
                    guard let next = try await source.next() else { break }
                    rest = next
                }
                let missing = S3ChunkSignature.size - piece.readableBytes
                if var slice = rest.readSlice(length: Swift.min(missing, rest.readableBytes)) {
                    if piece.readableBytes == 0 { piece = slice } else { piece.writeBuffer(&slice) }
                }
            }
            hasEnded = piece.readableBytes == 0
            return signature.frame(piece)
        }
    }
}
