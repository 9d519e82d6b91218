import NIOCore

/// The body of the request that a connection is serving. It is read from the socket only as fast as it is asked for.
struct RequestBodyStream: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let connection: HTTPConnection
    /// The request's number on its connection: a stream that outlives its request finds nothing.
    let exchange: Int

    struct AsyncIterator: AsyncIteratorProtocol {
        let connection: HTTPConnection
        let exchange: Int

        mutating func next() async throws -> ByteBuffer? {
            try await connection.nextBodyPart(of: exchange)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(connection: connection, exchange: exchange) }
}
