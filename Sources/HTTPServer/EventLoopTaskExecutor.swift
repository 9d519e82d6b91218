import NIOCore

/// Runs tasks on the thread of an event loop, so that a request's handler and its connection never change threads
/// between them. Handlers therefore must not block; nothing in a Swift task may.
final class EventLoopTaskExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
