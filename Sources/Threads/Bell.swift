/// A call that blocks, made again and again on a thread of its own, as a stream.
public struct Bell: Sendable {
    /// An element after each return of the call. Those that nobody has taken yet are one.
    public let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - name: of the thread, see ``DetachedThread/start(_:_:)``.
    ///   - wait: blocks until there may be something to do, and not for ever.
    /// - Throws: ``ThreadError`` when the system has no thread left.
    public init(_ name: String, _ wait: @escaping @Sendable () -> Void) throws(ThreadError) {
        let (rings, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.rings = rings
        self.continuation = continuation
        try DetachedThread.start(name) {
            while true {
                wait()
                if case .terminated = continuation.yield() { return }
            }
        }
    }

    /// Ends the stream, and the thread when the call that it is in returns.
    public func stop() { continuation.finish() }
}
