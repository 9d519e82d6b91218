import Synchronization

/// What tasks and threads say to the reactor.
///
/// Lookups wait here for each other: those that come while a statement with others is under way go with the next one, for
/// which the reactor comes by itself. It is woken only for the first; where those who ask run on an event loop, when all that is
/// ready there has run, so that what was asked for in one turn of the loop goes together.
final class PostgresMailbox: Sendable {
    enum Message: Sendable {
        case run(PostgresJob)
        case connected(Int, Result<PostgresHandle, DatabaseError>)
        case shutDown(CheckedContinuation<Void, Never>?)
    }

    private struct State {
        var messages: [Message] = []
        var lookups: [PostgresLookup] = []
        /// Whether the reactor comes for the lookups without being woken.
        var isGathering = false
        /// Whether it was woken, and has not come yet.
        var isSignalled = false
        /// Whether it will be woken at the end of the loop's turn.
        var isSignalDue = false
        var isClosed = false
    }

    private let state = Mutex(State())
    let event: EventCounter
    /// Nil where those who ask run anywhere.
    let turns: LookupTurns?

    init(turns: LookupTurns? = nil) throws(DatabaseError) {
        event = try EventCounter(blocking: false)
        self.turns = turns
    }

    /// Lookups that wait for a statement.
    var waitingLookups: Int { state.withLock { $0.lookups.count } }

    func post(_ message: Message) {
        let (isAccepted, signals) = state.withLock { state in
            if state.isClosed { return (false, false) }
            state.messages.append(message)
            defer { state.isSignalled = true }
            return (true, !state.isSignalled)
        }
        if !isAccepted { Self.refuse(message) }
        if signals { event.signal() }
    }

    func post(_ lookup: PostgresLookup) {
        let (isAccepted, signals) = state.withLock { state in
            if state.isClosed { return (false, false) }
            state.lookups.append(lookup)
            if state.isGathering || state.isSignalled || state.isSignalDue { return (true, false) }
            state.isSignalDue = true
            return (true, true)
        }
        if !isAccepted { Self.refuse(lookup) }
        guard signals else { return }
        if let turns { turns.atEnd { self.signalLookups() } } else { signalLookups() }
    }

    private func signalLookups() {
        let signals = state.withLock { state in
            state.isSignalDue = false
            if state.isSignalled || state.isGathering || state.lookups.isEmpty { return false }
            state.isSignalled = true
            return true
        }
        if signals { event.signal() }
    }

    /// Everything but lookups; they are there as well if nobody gathers them.
    func take() -> (messages: [Message], hasLookups: Bool) {
        state.withLock { state in
            state.isSignalled = false
            defer { state.messages = [] }
            return (state.messages, !state.isGathering && !state.lookups.isEmpty)
        }
    }

    /// Lookups that one statement can answer, the first that came among them. When there are some, those that come from now on
    /// wait until this is called again.
    ///
    /// - Parameter limit: how many at most.
    func takeLookups(_ limit: Int) -> [PostgresLookup] {
        state.withLock { state in
            guard let first = state.lookups.first else {
                state.isGathering = false
                return []
            }
            state.isGathering = true
            if state.lookups.count <= limit, state.lookups.allSatisfy({ $0.statements == first.statements }) {
                defer { state.lookups = [] }
                return state.lookups
            }
            var taken: [PostgresLookup] = []
            state.lookups.removeAll { lookup in
                guard taken.count < limit, lookup.statements == first.statements else { return false }
                taken.append(lookup)
                return true
            }
            return taken
        }
    }

    /// Nothing is accepted from here on.
    func close() {
        let (messages, lookups) = state.withLock { state in
            state.isClosed = true
            defer { (state.messages, state.lookups) = ([], []) }
            return (state.messages, state.lookups)
        }
        for message in messages { Self.refuse(message) }
        for lookup in lookups { Self.refuse(lookup) }
    }

    private static func refuse(_ message: Message) {
        switch message {
        case .run(let job): job.finish(.failure(StatementFailure(PoolFailure.shutDown.databaseError)))
        case .connected: break
        case .shutDown(let continuation): continuation?.resume()
        }
    }

    private static func refuse(_ lookup: PostgresLookup) {
        lookup.continuation.resume(returning: .failure(StatementFailure(PoolFailure.shutDown.databaseError)))
    }
}
