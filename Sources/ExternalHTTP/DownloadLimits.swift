/// What a download may take. Whoever gives the URL decides about the server, so everything about it has an end.
public struct DownloadLimits: Sendable {
    /// Bytes of the whole; `image_size_cap`.
    public var bytes: Int64
    /// From the first request to the last byte, pauses included.
    public var time: Duration
    /// How often a connection that breaks in the middle is made again.
    public var restarts = 20
    /// How often that may be in vain: nothing new came, or all of it was to come anew.
    public var fruitlessTries = 3
    /// Before it is made again.
    public var restartDelay: Duration = .seconds(1)

    public init(bytes: Int64, time: Duration) {
        self.bytes = bytes
        self.time = time
    }
}
