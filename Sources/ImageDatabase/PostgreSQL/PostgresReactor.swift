import CLinux
import Glibc
import Synchronization

/// All connections of a process: pool, sockets and the transactions on them.
///
/// Whoever has a transaction sends it on an idle connection at once. One thread waits for what servers answer, for new
/// connections' first words and for time to pass.
final class PostgresReactor: Sendable {
    private struct Leased {
        let connection: PostgresConnection
        let job: PostgresJob
        var wantsWrite = false
    }

    private struct State {
        var pool: ConnectionPool<PostgresJob>
        var idle: [Int: PostgresConnection] = [:]
        var leased: [Int: Leased] = [:]
        var isFirstConnection = true
        /// When the thread looks at the pool again if no socket has anything for it.
        var wakesAt = Int64.max
        var isShutDown = false
        var hasEnded = false
        /// To be resumed when everything is closed.
        var closing: [CheckedContinuation<Void, Never>] = []
    }

    private let connector: PostgresConnector
    private let options: DatabaseOptions
    private let isPipelining: Bool
    private let poller: Poller
    private let wakeUp: EventCounter
    private let state: Mutex<State>
    private static let wakeUpID = 0

    /// Starts the thread. It ends after ``shutDown(_:)``.
    init(
        _ connector: PostgresConnector, _ options: DatabaseOptions, pipelining: Bool
    ) throws(DatabaseError) {
        self.connector = connector
        self.options = options
        isPipelining = pipelining
        poller = try Poller()
        wakeUp = try EventCounter(blocking: false)
        var limits = ConnectionPool<PostgresJob>.Limits()
        limits.size = options.maxPoolSize
        limits.overflow = options.maxOverflow
        limits.timeout = Int64(max(0, options.poolTimeout ?? 30)) * 1_000_000_000
        limits.recycle = Int64(options.connectionRecycleTime) * 1_000_000_000
        state = Mutex(State(pool: ConnectionPool(limits: limits)))
        poller.add(wakeUp.descriptor, Self.wakeUpID)
        try SystemThread.start("db-reactor") { self.run() }
    }

    /// Carries out a transaction; its continuation gets the result.
    func run(_ job: PostgresJob) {
        enter { self.perform($0.pool.request(job, now: self.now), &$0) }
    }

    /// Lets what runs come to its end, refuses everything new, and resumes `continuation` when all is closed.
    func shutDown(_ continuation: CheckedContinuation<Void, Never>?) {
        connector.cancel()
        let hasEnded = state.withLock { state in
            if state.hasEnded { return true }
            state.isShutDown = true
            if let continuation { state.closing.append(continuation) }
            perform(state.pool.shutDown(), &state)
            return false
        }
        if hasEnded { continuation?.resume() } else { wakeUp.signal() }
    }

    /// Changes the state from outside of the thread, and wakes that if it has to wait less long than it thinks.
    private func enter(_ body: (inout State) -> Void) {
        let isDue = state.withLock { state in
            body(&state)
            guard let tick = state.pool.nextTick, tick < state.wakesAt else { return state.isShutDown }
            state.wakesAt = tick
            return true
        }
        if isDue { wakeUp.signal() }
    }

    // MARK: The thread

    private func run() {
        var events: [Int] = []
        while let timeout = state.withLock({ serve(events, &$0) }) { events = poller.wait(milliseconds: timeout) }
    }

    /// Does what there is to do, and says how many milliseconds it has to wait for more; nil at the end.
    private func serve(_ events: [Int], _ state: inout State) -> Int32? {
        for id in events {
            if id == Self.wakeUpID { wakeUp.wait() } else { socketEvent(id, &state) }
        }
        if let tick = state.pool.nextTick, tick <= now { perform(state.pool.tick(now: now), &state) }
        if state.isShutDown && state.pool.isEmpty {
            state.hasEnded = true
            for continuation in state.closing { continuation.resume() }
            state.closing = []
            return nil
        }
        state.wakesAt = state.pool.nextTick ?? .max
        if state.wakesAt == .max { return -1 }
        return Int32(clamping: max(0, (state.wakesAt - now + 999_999) / 1_000_000))
    }

    private func socketEvent(_ id: Int, _ state: inout State) {
        if let work = state.leased[id] {
            advance(id, work.connection.readable(), &state)
        } else if state.idle[id] != nil {
            // An idle server has nothing to say but that it goes away; a rare parameter change costs a new connection.
            perform(state.pool.lost(id, now: now), &state)
        }
    }

    // MARK: Anywhere

    private var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private func connected(_ id: Int, _ result: Result<PostgresHandle, DatabaseError>, _ state: inout State) {
        state.isFirstConnection = false
        switch result {
        case .success(let handle):
            guard let handle = handle.take() else { return }
            let connection = PostgresConnection(handle, pipelining: isPipelining)
            state.idle[id] = connection
            poller.add(connection.socket, id)
            perform(state.pool.connected(id, now: now), &state)
        case .failure(let error):
            perform(state.pool.connectionFailed(id, error, now: now), &state)
        }
    }

    private func perform(_ actions: [ConnectionPool<PostgresJob>.Action], _ state: inout State) {
        for action in actions {
            switch action {
            case .connect(let id):
                let patience: PostgresConnector.Patience = state.isFirstConnection ? .first(options) : .later
                connector.connect(patience) { result in
                    self.enter { self.connected(id, result, &$0) }
                }
            case .lease(let id, let job):
                guard let connection = state.idle.removeValue(forKey: id) else { continue }
                state.leased[id] = Leased(connection: connection, job: job)
                advance(id, connection.start(job), &state)
            case .close(let id):
                if let connection = state.idle.removeValue(forKey: id) { poller.remove(connection.socket) }
            case .fail(let job, let failure):
                job.continuation.resume(returning: .failure(StatementFailure(failure.databaseError)))
            }
        }
    }

    private func advance(_ id: Int, _ progress: PostgresConnection.Progress, _ state: inout State) {
        guard var work = state.leased[id] else { return }
        switch progress {
        case .waiting(let wantsWrite):
            if work.wantsWrite != wantsWrite {
                poller.change(work.connection.socket, id, wantsWrite: wantsWrite)
                work.wantsWrite = wantsWrite
                state.leased[id] = work
            }
        case .finished(let result):
            state.leased[id] = nil
            if work.wantsWrite { poller.change(work.connection.socket, id, wantsWrite: false) }
            state.idle[id] = work.connection
            work.job.continuation.resume(returning: result)
            perform(state.pool.released(id, now: now), &state)
        case .broken(let failure):
            state.leased[id] = nil
            state.idle[id] = work.connection
            perform(state.pool.lost(id, now: now), &state)
            work.job.continuation.resume(returning: .failure(failure))
        }
    }
}
