import Logging
import Synchronization

/// PostgreSQL by libpq. All connections are served by one thread; tasks hand their transactions to it and wait for
/// nothing but the answer.
final class PostgresDriver: SQLDriver {
    let dialect: any SQLDialect = PostgresDialect()
    private let mailbox: PostgresMailbox

    init(
        _ parameters: [DatabaseURL.Parameter], options: DatabaseOptions, pipelining: Bool = true, logger: Logger
    ) throws(DatabaseError) {
        let mailbox = try PostgresMailbox()
        self.mailbox = mailbox
        let connector = try PostgresConnector(parameters, options: options, logger: logger)
        let poller = try Poller()
        try SystemThread.start("db-reactor") {
            PostgresReactor(mailbox, connector, poller, options, pipelining: pipelining).run()
        }
    }

    deinit { mailbox.post(.shutDown(nil)) }

    func attempt(_ statements: [Statement], _ access: SQLAccess) async -> Result<[Rows], StatementFailure> {
        var encoded: [PostgresStatement] = []
        encoded.reserveCapacity(statements.count)
        do throws(DatabaseError) {
            for statement in statements { encoded.append(try PostgresStatement(statement)) }
        } catch {
            return .failure(StatementFailure(error))
        }
        return await withCheckedContinuation { continuation in
            mailbox.post(.run(PostgresJob(statements: encoded, access: access, continuation: continuation)))
        }
    }

    func close() async {
        await withCheckedContinuation { mailbox.post(.shutDown($0)) }
    }
}

/// What tasks and threads say to the reactor.
final class PostgresMailbox: Sendable {
    enum Message: Sendable {
        case run(PostgresJob)
        case connected(Int, Result<PostgresHandle, DatabaseError>)
        case shutDown(CheckedContinuation<Void, Never>?)
    }

    private struct State {
        var messages: [Message] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    let event: EventCounter

    init() throws(DatabaseError) { event = try EventCounter(blocking: false) }

    func post(_ message: Message) {
        let (wasEmpty, isClosed) = state.withLock { state in
            if state.isClosed { return (false, true) }
            state.messages.append(message)
            return (state.messages.count == 1, false)
        }
        if isClosed { Self.refuse(message) }
        if wasEmpty { event.signal() }
    }

    func take() -> [Message] {
        state.withLock { state in
            defer { state.messages = [] }
            return state.messages
        }
    }

    /// Nothing is accepted from here on.
    func close() {
        let rest = state.withLock { state in
            state.isClosed = true
            defer { state.messages = [] }
            return state.messages
        }
        for message in rest { Self.refuse(message) }
    }

    private static func refuse(_ message: Message) {
        switch message {
        case .run(let job):
            job.continuation.resume(returning: .failure(StatementFailure(PoolFailure.shutDown.databaseError)))
        case .connected: break
        case .shutDown(let continuation): continuation?.resume()
        }
    }
}
