import Hummingbird
import NIOCore

/// A request's body that counts what is read of it.
struct CountedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let base: RequestBody
    let count: ByteCount

    struct AsyncIterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        let count: ByteCount

        @concurrent mutating func next() async throws -> ByteBuffer? {
            let part = try await base.next()
            if let part { count.add(Int64(part.readableBytes)) }
            return part
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeAsyncIterator(), count: count) }
}
