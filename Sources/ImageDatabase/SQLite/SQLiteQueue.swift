import Synchronization

/// Transactions waiting for threads that have a connection each.
final class SQLiteQueue: Sendable {
    struct Job: Sendable {
        let statements: [Statement]
        let access: SQLAccess
        let continuation: CheckedContinuation<Result<[Rows], StatementFailure>, Never>

        init(
            _ statements: [Statement], _ access: SQLAccess,
            _ continuation: CheckedContinuation<Result<[Rows], StatementFailure>, Never>
        ) {
            self.statements = statements
            self.access = access
            self.continuation = continuation
        }
    }

    private struct State {
        var jobs: [Job] = []
        var isClosed = false
        var threads: Int
        var waitingForEnd: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>
    private let event: EventCounter

    /// - Parameter threads: they start with the first job.
    init(path: String, isWriter: Bool, threads: Int, options: DatabaseOptions) throws(DatabaseError) {
        let event = try EventCounter(semaphore: true, blocking: true)
        self.event = event
        state = Mutex(State(threads: threads))
        for _ in 0..<threads {
            try SystemThread.start(isWriter ? "db-writer" : "db-reader") { [self] in
                work(path: path, isWriter: isWriter, options: options)
            }
        }
    }

    func add(_ job: Job) {
        let isAccepted = state.withLock { state in
            if !state.isClosed { state.jobs.append(job) }
            return !state.isClosed
        }
        if isAccepted {
            event.signal()
        } else {
            job.continuation.resume(returning: .failure(StatementFailure(PoolFailure.shutDown.databaseError)))
        }
    }

    /// Accepts no more jobs; resumes `continuation` when those that wait are done and the threads have ended.
    func close(_ continuation: CheckedContinuation<Void, Never>?) {
        let (isOver, threads) = state.withLock { state in
            if let continuation, state.threads > 0 { state.waitingForEnd.append(continuation) }
            defer { state.isClosed = true }
            return (state.threads == 0, state.isClosed ? 0 : state.threads)
        }
        for _ in 0..<threads { event.signal() }
        if isOver { continuation?.resume() }
    }

    /// A thread's life: opens its connection when it is needed first, and again after it could not be opened.
    private func work(path: String, isWriter: Bool, options: DatabaseOptions) {
        var connection: SQLiteConnection?
        while true {
            event.wait()
            guard let job = state.withLock({ $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }) else { break }
            do throws(StatementFailure) {
                let open: SQLiteConnection
                if let connection {
                    open = connection
                } else {
                    open = try SQLiteConnection(path: path, isWriter: isWriter, options: options)
                    connection = open
                }
                job.continuation.resume(returning: open.run(job.statements, job.access))
            } catch {
                job.continuation.resume(returning: .failure(error))
            }
        }
        connection = nil
        let waiting = state.withLock { state in
            state.threads -= 1
            guard state.threads == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waitingForEnd = [] }
            return state.waitingForEnd
        }
        for continuation in waiting { continuation.resume() }
    }
}
