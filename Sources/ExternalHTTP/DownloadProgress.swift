/// How far a download is.
public struct DownloadProgress: Sendable, Equatable {
    /// Bytes that are in the file.
    public var received: Int64
    /// Bytes that the server has announced; nil where it has not.
    public var expected: Int64?

    public init(received: Int64, expected: Int64?) {
        self.received = received
        self.expected = expected
    }
}
