import AsyncHTTPClient
import NIOCore

/// The bytes of a response's body that were asked for. Dropping it ends the request.
///
/// `@unchecked`: an iterator may be used by one task at a time, which ``StoreChunks`` demands of its users.
final class HTTPBody: @unchecked Sendable {
    private var iterator: HTTPClientResponse.Body.AsyncIterator
    /// Bytes to drop before the first one that was asked for.
    private var toSkip: Int64
    /// Bytes still to come; nil when only the end of the body tells.
    private var remaining: Int64?

    init(_ body: HTTPClientResponse.Body, skip: Int64 = 0, count: Int64?) {
        iterator = body.makeAsyncIterator()
        toSkip = skip
        remaining = count
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        while remaining != 0 {
            var buffer: ByteBuffer
            do {
                guard let received = try await iterator.next() else {
                    if remaining != nil || toSkip > 0 {
                        throw StoreError.backend("the HTTP server ended the data too early")
                    }
                    return nil
                }
                buffer = received
            } catch {
                throw HTTPStore.storeError(error)
            }
            let skipped = min(toSkip, Int64(buffer.readableBytes))
            buffer.moveReaderIndex(forwardBy: Int(skipped))
            toSkip -= skipped
            if let remaining {
                buffer =
                    buffer.getSlice(
                        at: buffer.readerIndex, length: Int(min(remaining, Int64(buffer.readableBytes)))) ?? buffer
                self.remaining = remaining - Int64(buffer.readableBytes)
            }
            if buffer.readableBytes > 0 { return buffer }
        }
        return nil
    }
}
