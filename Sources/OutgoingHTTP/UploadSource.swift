import NIOCore
import Synchronization

/// Hands a streamed body to the library and watches that the server takes it: the library asks for the next part when there
/// is room for it, and would wait for ever for a server that takes nothing.
struct UploadSource: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let source: any AsyncSequence<ByteBuffer, any Error> & Sendable
    let watch: UploadWatch

    func makeAsyncIterator() -> Iterator { Iterator(parts: source.makeAsyncIterator(), watch: watch) }

    struct Iterator: AsyncIteratorProtocol {
        var parts: any AsyncIteratorProtocol<ByteBuffer, any Error>
        let watch: UploadWatch

        mutating func next() async throws -> ByteBuffer? {
            watch.serverIsReady()
            do {
                guard let part = try await parts.next(isolation: nil) else { return nil }
                watch.serverHasWork()
                return part
            } catch {
                throw OutgoingHTTPError.sourceFailed
            }
        }
    }
}
