import NIOCore

/// What happens once when all that is ready to run on an event loop has run, not once for each answer: first what has to be
/// done before any answer goes out, then the answers go out.
///
/// Confined to its event loop (hence `@unchecked Sendable`).
final class LoopTurn: @unchecked Sendable {
    private let eventLoop: any EventLoop
    /// Runs the requests of the loop's connections.
    let executor: EventLoopTaskExecutor
    /// Whatever must have happened when a client has its answer.
    let beforeAnswers: @Sendable () -> Void
    private var connections: [HTTPConnection] = []
    private var isDue = false

    init(_ eventLoop: any EventLoop, beforeAnswers: @escaping @Sendable () -> Void) {
        self.eventLoop = eventLoop
        executor = EventLoopTaskExecutor(eventLoop)
        self.beforeAnswers = beforeAnswers
    }

    /// The connection has something to send.
    func add(_ connection: HTTPConnection) {
        connections.append(connection)
        endSoon()
    }

    /// Sees to it that the turn has an end, whether or not there is something to send.
    func endSoon() {
        guard !isDue else { return }
        isDue = true
        eventLoop.execute { self.end() }
    }

    private func end() {
        isDue = false
        beforeAnswers()
        let due = connections
        connections = []
        for connection in due { connection.flushIfDue() }
    }
}
