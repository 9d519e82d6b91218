public import NIOCore

/// An asynchronous sequence of buffers with a type that fits every driver. It is read once.
public struct StoreChunks: AsyncSequence, Sendable {
    public typealias Element = ByteBuffer
    private let make: @Sendable () -> (@Sendable () async throws -> ByteBuffer?)

    /// - Parameter make: gives the function that returns the next buffer, nil at the end, and throws ``StoreError``. That
    ///   function is called by one task at a time.
    public init(_ make: @escaping @Sendable () -> (@Sendable () async throws -> ByteBuffer?)) {
        self.make = make
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: make()) }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let source: @Sendable () async throws -> ByteBuffer?

        public mutating func next() async throws -> ByteBuffer? { try await source() }
    }
}
