import CLinux
import Glibc

/// The loop that serves all connections of a process on one thread: pool, sockets and the transactions on them.
///
/// Nothing here is shared: others speak to it through its mailbox.
final class PostgresReactor {
    private struct Leased {
        let connection: PostgresConnection
        let job: PostgresJob
        var wantsWrite = false
    }

    private let mailbox: PostgresMailbox
    private let connector: PostgresConnector
    private let poller: Poller
    private let options: DatabaseOptions
    private let isPipelining: Bool
    private var pool: ConnectionPool<PostgresJob>
    private var idle: [Int: PostgresConnection] = [:]
    private var leased: [Int: Leased] = [:]
    private var isFirstConnection = true
    /// Set when the end was asked for; resumed when everything is closed.
    private var closing: [CheckedContinuation<Void, Never>]?
    private static let mailboxID = 0

    init(
        _ mailbox: PostgresMailbox, _ connector: PostgresConnector, _ poller: Poller,
        _ options: DatabaseOptions, pipelining: Bool
    ) {
        self.mailbox = mailbox
        self.connector = connector
        self.poller = poller
        self.options = options
        isPipelining = pipelining
        var limits = ConnectionPool<PostgresJob>.Limits()
        limits.size = options.maxPoolSize
        limits.overflow = options.maxOverflow
        limits.timeout = Int64(max(0, options.poolTimeout ?? 30)) * 1_000_000_000
        limits.recycle = Int64(options.connectionRecycleTime) * 1_000_000_000
        pool = ConnectionPool(limits: limits)
    }

    /// Serves until ``PostgresMailbox/Message/shutDown(_:)`` and the end of what was running then.
    func run() {
        poller.add(mailbox.event.descriptor, Self.mailboxID)
        while closing == nil || !pool.isEmpty {
            // Sockets before new work: a connection that the server closed must not get any.
            var hasMail = false
            for id in poller.wait(milliseconds: timeout) {
                if id == Self.mailboxID { hasMail = true } else { socketEvent(id) }
            }
            if hasMail {
                mailbox.event.wait()
                for message in mailbox.take() { handle(message) }
            }
            if let tick = pool.nextTick, tick <= now { perform(pool.tick(now: now)) }
        }
        mailbox.close()
        for continuation in closing ?? [] { continuation.resume() }
    }

    private var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private var timeout: Int32 {
        guard let tick = pool.nextTick else { return -1 }
        return Int32(clamping: max(0, (tick - now + 999_999) / 1_000_000))
    }

    private func handle(_ message: PostgresMailbox.Message) {
        switch message {
        case .run(let job):
            perform(pool.request(job, now: now))
        case .connected(let id, .success(let handle)):
            guard let handle = handle.take() else { return }
            let connection = PostgresConnection(handle, pipelining: isPipelining)
            isFirstConnection = false
            idle[id] = connection
            poller.add(connection.socket, id)
            perform(pool.connected(id, now: now))
        case .connected(let id, .failure(let error)):
            isFirstConnection = false
            perform(pool.connectionFailed(id, error, now: now))
        case .shutDown(let continuation):
            connector.cancel()
            closing = (closing ?? []) + (continuation.map { [$0] } ?? [])
            perform(pool.shutDown())
        }
    }

    private func perform(_ actions: [ConnectionPool<PostgresJob>.Action]) {
        for action in actions {
            switch action {
            case .connect(let id):
                let retries: PostgresConnector.ConnectionRetries = isFirstConnection ? .first(options) : .later
                connector.connect(retries) { [mailbox] in mailbox.post(.connected(id, $0)) }
            case .lease(let id, let job):
                guard let connection = idle.removeValue(forKey: id) else { continue }
                leased[id] = Leased(connection: connection, job: job)
                advance(id, connection.start(job))
            case .close(let id):
                if let connection = idle.removeValue(forKey: id) { poller.remove(connection.socket) }
            case .fail(let job, let failure):
                job.continuation.resume(returning: .failure(StatementFailure(failure.databaseError)))
            }
        }
    }

    private func socketEvent(_ id: Int) {
        if let work = leased[id] {
            advance(id, work.connection.readable())
        } else if idle[id] != nil {
            // An idle server has nothing to say but that it goes away; a rare parameter change costs a new connection.
            perform(pool.lost(id, now: now))
        }
    }

    private func advance(_ id: Int, _ progress: PostgresConnection.Progress) {
        guard var work = leased[id] else { return }
        switch progress {
        case .waiting(let wantsWrite):
            if work.wantsWrite != wantsWrite {
                poller.change(work.connection.socket, id, wantsWrite: wantsWrite)
                work.wantsWrite = wantsWrite
                leased[id] = work
            }
        case .finished(let result):
            leased[id] = nil
            if work.wantsWrite { poller.change(work.connection.socket, id, wantsWrite: false) }
            idle[id] = work.connection
            work.job.continuation.resume(returning: result)
            perform(pool.released(id, now: now))
        case .broken(let failure):
            leased[id] = nil
            idle[id] = work.connection
            perform(pool.lost(id, now: now))
            work.job.continuation.resume(returning: .failure(failure))
        }
    }
}
