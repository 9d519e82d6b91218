import NIOCore

/// Runs tasks on the thread of an event loop, so that a request's handler and its connection never change threads
/// between them. Handlers therefore must not block; nothing in a Swift task may.
///
/// What is ready at the same time costs the loop one task of its own. `queue` is confined to the loop (hence
/// `@unchecked Sendable`).
final class EventLoopTaskExecutor: TaskExecutor, @unchecked Sendable {
    private let eventLoop: any EventLoop
    private var queue: [UnownedJob] = []
    private var isDue = false

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        guard eventLoop.inEventLoop else {
            eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
            return
        }
        queue.append(job)
        guard !isDue else { return }
        isDue = true
        eventLoop.execute { self.run() }
    }

    /// Jobs that these enqueue come in the loop's next round.
    private func run() {
        isDue = false
        var jobs: [UnownedJob] = []
        swap(&jobs, &queue)
        let executor = asUnownedTaskExecutor()
        for job in jobs { job.runSynchronously(on: executor) }
        // Keeps the memory for the next round.
        if queue.isEmpty {
            jobs.removeAll(keepingCapacity: true)
            swap(&jobs, &queue)
        }
    }
}
