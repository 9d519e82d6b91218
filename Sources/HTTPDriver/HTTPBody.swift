import ExternalHTTP
import ImageStore
import NIOCore

/// The bytes of a response's body that were asked for. Dropping it ends the request.
///
/// `@unchecked`: an iterator may be used by one task at a time, which ``StoreChunks`` demands of its users.
final class HTTPBody: @unchecked Sendable {
    private let response: ExternalHTTPResponse
    /// Bytes to drop before the first one that was asked for.
    private var toSkip: Int64
    /// Bytes still to come; nil when only the end of the body tells.
    private var remaining: Int64?

    init(_ response: ExternalHTTPResponse, skip: Int64 = 0, count: Int64?) {
        self.response = response
        toSkip = skip
        remaining = count
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        while remaining != 0 {
            var buffer: ByteBuffer
            do throws(ExternalHTTPError) {
                guard let received = try await response.next() else {
                    if remaining == nil && toSkip == 0 { return nil }
                    break
                }
                buffer = received
            } catch {
                throw .backend(error.text)
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
        if remaining == 0 { return nil }
        throw .backend("the HTTP server ended the data too early")
    }
}
