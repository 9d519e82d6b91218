/// Which statement waits for which connection: a state machine without any I/O.
///
/// Every event returns the actions that its owner has to take. Times are nanoseconds of a monotonic clock. Idle
/// connections are handed out last in, first out, so that a lightly loaded process needs few of them. A connection
/// beyond `size` is opened only when somebody has waited for `overflowDelay`, and closed when it was idle for
/// `overflowIdle`: opening one costs more than most statements take.
struct ConnectionPool<Waiter> {
    typealias ID = Int

    struct Limits: Equatable {
        /// Connections that are kept; 0 sets no limit (`max_pool_size`).
        var size = 5
        /// Connections beyond `size`; negative sets no limit (`max_overflow`).
        var overflow = 50
        /// Longest wait for a connection (`pool_timeout`).
        var timeout: Int64 = 30_000_000_000
        /// Age at which an idle connection is replaced (`connection_recycle_time`); negative: never.
        var recycle: Int64 = 3_600_000_000_000
        var overflowDelay: Int64 = 10_000_000
        var overflowIdle: Int64 = 10_000_000_000
    }

    enum Action {
        case connect(ID)
        case lease(ID, Waiter)
        case close(ID)
        /// Nobody may be waited for any longer.
        case fail(Waiter, PoolFailure)
    }

    private struct Connection {
        var isReady = false
        var isLeased = false
        var openedAt: Int64
        var idleSince: Int64 = 0
    }

    private let limits: Limits
    private var connections: [ID: Connection] = [:]
    private var idle: [ID] = []
    private var waiters: [(waiter: Waiter, since: Int64)] = []
    private var nextID = 0
    private var isShutDown = false

    init(limits: Limits) { self.limits = limits }

    /// No connection is open or being opened, and nobody waits.
    var isEmpty: Bool { connections.isEmpty && waiters.isEmpty }

    /// A statement needs a connection.
    mutating func request(_ waiter: Waiter, now: Int64) -> [Action] {
        if isShutDown { return [.fail(waiter, .shutDown)] }
        var actions: [Action] = []
        if let id = takeIdle(now: now, closing: &actions) {
            return actions + [.lease(id, waiter)]
        }
        waiters.append((waiter, now))
        return actions + grow(now: now)
    }

    /// A connection that ``Action/connect(_:)`` asked for is open.
    mutating func connected(_ id: ID, now: Int64) -> [Action] {
        guard connections[id] != nil else { return [.close(id)] }
        connections[id]?.isReady = true
        connections[id]?.openedAt = now
        return offer(id, now: now)
    }

    /// A connection could not be opened: whoever waits fails, unless another connection may still serve them.
    mutating func connectionFailed(_ id: ID, _ failure: DatabaseError, now: Int64) -> [Action] {
        connections[id] = nil
        guard connections.isEmpty else { return [] }
        defer { waiters = [] }
        return waiters.map { .fail($0.waiter, .error(failure)) }
    }

    /// A leased connection has done its work and is good.
    mutating func released(_ id: ID, now: Int64) -> [Action] {
        connections[id]?.isLeased = false
        return offer(id, now: now)
    }

    /// A connection, leased or idle, is gone.
    mutating func lost(_ id: ID, now: Int64) -> [Action] {
        guard connections.removeValue(forKey: id) != nil else { return [] }
        idle.removeAll { $0 == id }
        return [.close(id)] + grow(now: now)
    }

    /// Time has passed.
    mutating func tick(now: Int64) -> [Action] {
        var actions: [Action] = []
        for id in idle where isStale(id, now: now) {
            connections[id] = nil
            actions.append(.close(id))
        }
        idle.removeAll { connections[$0] == nil }
        // Only a wait for a slot times out here; a server that is away makes the connection attempt fail.
        if hasReady {
            let late = waiters.prefix { now - $0.since >= limits.timeout }
            actions += late.map { .fail($0.waiter, .timeout) }
            waiters.removeFirst(late.count)
        }
        return actions + grow(now: now)
    }

    /// When ``tick(now:)`` has something to do next.
    var nextTick: Int64? {
        var times: [Int64] = []
        if let first = waiters.first {
            if hasReady { times.append(first.since + limits.timeout) }
            if mayGrow && opening == 0 { times.append(first.since + limits.overflowDelay) }
        }
        for id in idle {
            guard let connection = connections[id] else { continue }
            if isOverflowing { times.append(connection.idleSince + limits.overflowIdle) }
            if limits.recycle >= 0 { times.append(connection.openedAt + limits.recycle) }
        }
        return times.min()
    }

    /// No more requests: idle connections close now, leased ones when they are released.
    mutating func shutDown() -> [Action] {
        isShutDown = true
        let closed = idle
        idle = []
        for id in closed { connections[id] = nil }
        return closed.map { .close($0) }
    }

    private var hasReady: Bool { connections.values.contains { $0.isReady } }

    private var opening: Int { connections.values.count { !$0.isReady } }

    private var isOverflowing: Bool { limits.size > 0 && connections.count > limits.size }

    private var mayGrow: Bool {
        limits.size <= 0 || limits.overflow < 0 || connections.count < limits.size + limits.overflow
    }

    private func isStale(_ id: ID, now: Int64) -> Bool {
        guard let connection = connections[id] else { return true }
        return (limits.recycle >= 0 && now - connection.openedAt >= limits.recycle)
            || (isOverflowing && now - connection.idleSince >= limits.overflowIdle)
    }

    private mutating func takeIdle(now: Int64, closing actions: inout [Action]) -> ID? {
        while let id = idle.popLast() {
            if limits.recycle >= 0, let connection = connections[id], now - connection.openedAt >= limits.recycle {
                connections[id] = nil
                actions.append(.close(id))
                continue
            }
            connections[id]?.isLeased = true
            return id
        }
        return nil
    }

    /// Gives a free connection to the first waiter, or keeps or closes it.
    private mutating func offer(_ id: ID, now: Int64) -> [Action] {
        guard let connection = connections[id] else { return [] }
        if limits.recycle >= 0 && now - connection.openedAt >= limits.recycle && !waiters.isEmpty {
            connections[id] = nil
            return [.close(id)] + grow(now: now)
        }
        if !waiters.isEmpty {
            connections[id]?.isLeased = true
            return [.lease(id, waiters.removeFirst().waiter)]
        }
        if isShutDown {
            connections[id] = nil
            return [.close(id)]
        }
        connections[id]?.idleSince = now
        idle.append(id)
        return []
    }

    /// Opens a connection if somebody waits who is not served by one that is being opened.
    private mutating func grow(now: Int64) -> [Action] {
        guard let first = waiters.first, mayGrow else { return [] }
        guard waiters.count > opening else { return [] }
        let isWithinSize = limits.size <= 0 || connections.count < limits.size
        guard isWithinSize || (opening == 0 && now - first.since >= limits.overflowDelay) else { return [] }
        nextID += 1
        connections[nextID] = Connection(openedAt: now)
        return [.connect(nextID)]
    }
}

/// Why a waiter got no connection.
enum PoolFailure: Equatable {
    case timeout
    case shutDown
    case error(DatabaseError)

    var databaseError: DatabaseError {
        switch self {
        case .timeout: .unavailable("all connections of the pool are busy (pool_timeout)")
        case .shutDown: .unavailable("the database was closed")
        case .error(let error): error
        }
    }
}
