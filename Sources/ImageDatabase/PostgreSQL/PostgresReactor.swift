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
    private let patience: Int64
    /// When lookups are no longer waiting for the end of the statement under way.
    private var gathersUntil: Int64?
    private var pool: ConnectionPool<PostgresJob>
    private var idle: [Int: PostgresConnection] = [:]
    private var leased: [Int: Leased] = [:]
    private var isFirstConnection = true
    /// Set when the end was asked for; resumed when everything is closed.
    private var closing: [CheckedContinuation<Void, Never>]?
    private static let mailboxID = 0

    init(
        _ mailbox: PostgresMailbox, _ connector: PostgresConnector, _ poller: Poller,
        _ options: DatabaseOptions, pipelining: Bool, patience: Int64
    ) {
        self.mailbox = mailbox
        self.connector = connector
        self.poller = poller
        self.options = options
        isPipelining = pipelining
        self.patience = patience
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
                let (messages, hasLookups) = mailbox.take()
                if hasLookups { beginLookups() }
                for message in messages { handle(message) }
            }
            if let gathersUntil, gathersUntil <= now { beginLookups() }
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
        guard let tick = [pool.nextTick, gathersUntil].compactMap({ $0 }).min() else { return -1 }
        return Int32(clamping: max(0, (tick - now + 999_999) / 1_000_000))
    }

    /// Lookups that one statement answers: its rows stay in memory until the last of them has its own.
    private static let lookupLimit = 32

    /// Sends a statement for the lookups that wait; those that come while it is under way wait for its end, but not for one
    /// that is slow.
    private func beginLookups() {
        let lookups = mailbox.takeLookups(Self.lookupLimit)
        guard !lookups.isEmpty else {
            gathersUntil = nil
            return
        }
        let now = now
        gathersUntil = now + patience
        perform(pool.request(PostgresJob(lookups, mailbox.turns), now: now))
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
            // What came before the end is served.
            while mailbox.waitingLookups > 0 { beginLookups() }
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
                job.finish(.failure(StatementFailure(failure.databaseError)))
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
            work.job.finish(result)
            perform(pool.released(id, now: now))
            if work.job.isLookup { beginLookups() }
        case .broken(let failure):
            leased[id] = nil
            idle[id] = work.connection
            perform(pool.lost(id, now: now))
            work.job.finish(.failure(failure))
            if work.job.isLookup { beginLookups() }
        }
    }
}
