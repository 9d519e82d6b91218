import Threads

/// Turns a call that blocks into elements of a stream, on a thread of its own.
func bell(
    _ wait: @escaping @Sendable () -> Void, _ wakes: AsyncStream<Void>.Continuation,
    until isOver: @escaping @Sendable () -> Bool
) throws(ThreadError) {
    try DetachedThread.start("bell") {
        while !isOver() {
            wait()
            wakes.yield()
        }
    }
}
