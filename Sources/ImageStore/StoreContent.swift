/// Data opened for reading.
public enum StoreContent: Sendable {
    /// A region of an open file that the HTTP server can hand to `sendfile(2)`. Who gets it closes the descriptor.
    case file(descriptor: Int32, region: Range<Int64>)
    /// Chunks as the backend delivers them, with back-pressure. `size` is that of the chunks together, nil if unknown.
    case stream(size: Int64?, chunks: StoreChunks)
}
