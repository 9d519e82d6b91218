package import Logging
import NIOPosix
import Synchronization

/// Threads for calls that block, with an optional limit of time for each call.
///
/// Without a limit all stores of a process share ``threads``. A store with a limit
/// (`filesystem_store_timeout`) has threads of its own, so that a file server that hangs cannot take everybody's.
package final class BlockingPool: Sendable {
    /// Threads of the whole process for blocking file operations. More than there are processors, because they wait for
    /// disks; few enough that their stacks do not matter.
    static let threads = NIOThreadPool._makePerpetualStartedPool(numberOfThreads: 16, threadNamePrefix: "file-io-")

    /// A limit of time and the threads that it applies to.
    package struct Limit: Sendable {
        /// Longest time of one call.
        let timeout: Duration
        let threads: Int
        /// Percentage of busy threads at which a warning is logged.
        let warningThreshold: Int
        let logger: Logger

        package init(timeout: Duration, threads: Int, warningThreshold: Int, logger: Logger) {
            self.timeout = timeout
            self.threads = threads
            self.warningThreshold = warningThreshold
            self.logger = logger
        }
    }

    private let pool: NIOThreadPool
    private let limit: Limit?
    private let running = Atomic<Int>(0)

    package init(limit: Limit? = nil) {
        self.limit = limit
        if let limit {
            pool = NIOThreadPool(numberOfThreads: limit.threads)
            pool.start()
        } else {
            pool = Self.threads
        }
    }

    /// Runs `work` on one of the threads. Cancellation of the task does not end it.
    ///
    /// - Parameter late: gets the result of work that ended after its time, for instance to close a descriptor.
    /// - Throws: what `work` throws, or ``StoreError/timeout``; then `work` still runs to its end.
    package func run<Value: Sendable>(
        late: (@Sendable (Value) -> Void)? = nil, _ work: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        if let limit { return try await run(limit, late: late, work) }
        return try await withCheckedContinuation { (continuation: CheckedContinuation<Outcome<Value>, Never>) in
            submit(work) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Runs `work` sometime; nobody waits for it.
    package func runLater(_ work: @escaping @Sendable () -> Void) {
        submit { _ in work() }
    }

    /// Ends the threads that this pool does not share.
    package func shutdown() async {
        if limit != nil { try? await pool.shutdownGracefully() }
    }

    private typealias Outcome<Value> = Result<Value, StoreError>

    private func submit<Value: Sendable>(
        _ work: @escaping @Sendable () throws(StoreError) -> Value, done: @escaping @Sendable (Outcome<Value>) -> Void
    ) {
        submit { state in
            guard state == .active else { return done(.failure(.backend("the store has been shut down"))) }
            do throws(StoreError) {
                done(.success(try work()))
            } catch {
                done(.failure(error))
            }
        }
    }

    private func submit(_ call: @escaping NIOThreadPool.WorkItem) {
        let call = Call(call)
        pool.submit { state in call.take()?(state) }
    }

    private func run<Value: Sendable>(
        _ limit: Limit, late: (@Sendable (Value) -> Void)?,
        _ work: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        warnIfBusy(running.add(1, ordering: .relaxed).newValue, limit)
        return try await withCheckedContinuation { (continuation: CheckedContinuation<Outcome<Value>, Never>) in
            let isAnswered = Mutex(false)
            let answer: @Sendable (Outcome<Value>) -> Bool = { outcome in
                let isFirst = isAnswered.withLock { answered in
                    defer { answered = true }
                    return !answered
                }
                if isFirst { continuation.resume(returning: outcome) }
                return isFirst
            }
            let timer = Task {
                try await Task.sleep(for: limit.timeout)
                _ = answer(.failure(.timeout))
            }
            submit(work) { [self] outcome in
                running.subtract(1, ordering: .relaxed)
                timer.cancel()
                if !answer(outcome), case .success(let value) = outcome { late?(value) }
            }
        }.get()
    }

    private func warnIfBusy(_ running: Int, _ limit: Limit) {
        // Only on the way up, one line for each time.
        let threshold = max(1, limit.threads * limit.warningThreshold / 100)
        guard running == threshold else { return }
        limit.logger.warning(
            "\(running) of \(limit.threads) threads of a file store are busy; further calls may have to wait")
    }
}

/// What a thread does once. It lets go of what it holds when it has been done: the pool, whose shutdown lets go of its calls
/// under a lock, must not be the last to hold something that ends with another call of the same pool.
private final class Call: Sendable {
    private let call: Mutex<NIOThreadPool.WorkItem?>

    init(_ call: @escaping NIOThreadPool.WorkItem) { self.call = Mutex(call) }

    func take() -> NIOThreadPool.WorkItem? {
        call.withLock { call in
            defer { call = nil }
            return call
        }
    }
}
