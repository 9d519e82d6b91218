/// What a download may take. Whoever gives the URL decides about the server, so everything about it has an end.
public struct DownloadLimits: Sendable {
    /// Bytes of the whole; `image_size_cap`.
    public var bytes: Int64
    /// From the first request to the last byte, pauses included.
    public var time: Duration
    /// How often a connection that breaks in the middle is made again.
    public var restarts = 100
    /// How often in a row that may be in vain.
    public var fruitlessTries = 6
    /// How often the data may be received from the beginning.
    public var beginnings = 3
    /// Before it is made again; doubles with each time in vain.
    public var restartDelay: Duration = .seconds(1)

    public init(bytes: Int64, time: Duration) {
        self.bytes = bytes
        self.time = time
    }

    /// Waits before the next connection.
    ///
    /// - Parameter fruitless: connections in a row that have brought nothing.
    func pause(after fruitless: Int) async {
        try? await Task.sleep(for: restartDelay * (1 << min(fruitless, 5)))
    }

    /// What is to come: bytes that the server has announced, or else those that it must be; nil where neither is known.
    func check(announced: Int64?, _ size: Int64?) throws(ExternalHTTPError) -> Int64? {
        guard announced ?? size ?? 0 <= bytes else { throw .tooLarge(bytes) }
        if let size, let announced, size != announced { throw .wrongSize(announced, expected: size) }
        return announced ?? size
    }
}
