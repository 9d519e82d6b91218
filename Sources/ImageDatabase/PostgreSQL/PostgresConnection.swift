import CLibpq
import Glibc

/// One open connection and the transaction that runs on it. Confined to the reactor's thread.
///
/// The statements of a transaction go out in groups that end with the first statement that must find a row: what
/// follows it may only be sent when it has. A group is one network round trip in libpq's pipeline mode; where libpq has
/// none, every command is one.
final class PostgresConnection {
    private enum Command {
        case begin
        case prepare(Int)
        case execute(Int)
        case commit
        case rollback
        case forgetStatements
    }

    /// What became of ``start(_:)`` or ``readable()``.
    enum Progress {
        /// Waits for the server; the socket must also be watched for writability when `wantsWrite`.
        case waiting(wantsWrite: Bool)
        case finished(Result<[Rows], StatementFailure>)
        /// The connection is dead and has to be closed.
        case broken(StatementFailure)
    }

    private let handle: OpaquePointer
    let socket: Int32
    private let isPipelining: Bool
    private var prepared: [String: String] = [:]
    private var preparedCount = 0
    /// Length of their texts, counted since they were all forgotten.
    private var preparedBytes = 0

    private var statements: [PostgresStatement] = []
    private var access = SQLAccess.read
    private var nextStatement = 0
    private var hasBegun = false
    private var unsent: ArraySlice<Command> = []
    private var unanswered: ArraySlice<Command> = []
    private var rows: [Rows] = []
    private var failure: StatementFailure?
    /// Whether any command of the transaction has been carried out.
    private var hasEffect = false

    /// Takes over an open libpq connection.
    init(_ handle: OpaquePointer, pipelining: Bool) {
        self.handle = handle
        socket = PQsocket(handle)
        PQsetnonblocking(handle, 1)
        isPipelining = pipelining && glance_pq_enter_pipeline(handle) == 1
    }

    deinit { PQfinish(handle) }

    /// Sends the first group of a transaction.
    func start(_ job: PostgresJob) -> Progress {
        statements = job.statements
        access = job.access
        (nextStatement, hasBegun, failure, hasEffect, rows) = (0, false, nil, false, [])
        rows.reserveCapacity(statements.count)
        guard sendGroup(nextGroup()) else { return .broken(StatementFailure(connectionError, retry: .atOnce)) }
        return flush()
    }

    /// The socket is readable or writable while a transaction runs.
    func readable() -> Progress {
        guard PQconsumeInput(handle) == 1 else { return broken() }
        while true {
            guard PQisBusy(handle) == 0 else { return flush() }
            let result = PQgetResult(handle)
            var isGroupOver = false
            if let result {
                let status = PQresultStatus(result)
                if status.rawValue == UInt32(glance_pq_pipeline_sync_status) {
                    PQclear(result)
                    isGroupOver = true
                } else {
                    take(LibpqResult(result), status)
                }
            } else {
                guard !unanswered.isEmpty else { return PQstatus(handle) == CONNECTION_OK ? flush() : broken() }
                unanswered.removeFirst()
                if !isPipelining {
                    if failure != nil { unsent = [] }
                    isGroupOver = unsent.isEmpty
                    if !isGroupOver && !sendNext() { return broken() }
                }
            }
            guard isGroupOver else { continue }
            if let outcome = afterGroup() { return outcome }
        }
    }

    // MARK: Sending

    private var needsTransaction: Bool {
        guard statements.count > 1, access == .write else { return false }
        // Without an intermediate check the implicit transaction of a pipeline is enough.
        return !isPipelining || statements.contains { $0.required != nil }
    }

    private func nextGroup() -> [Command] {
        var commands: [Command] = []
        if prepared.count > Self.maximumPreparedStatements || preparedBytes > Self.maximumPreparedBytes {
            prepared = [:]
            preparedBytes = 0
            commands.append(.forgetStatements)
        }
        if needsTransaction && !hasBegun {
            commands.append(.begin)
            hasBegun = true
        }
        while nextStatement < statements.count {
            let statement = statements[nextStatement]
            if prepared[statement.sql] == nil {
                preparedCount += 1
                preparedBytes += statement.sql.utf8.count
                prepared[statement.sql] = "glance_\(preparedCount)"
                commands.append(.prepare(nextStatement))
            }
            commands.append(.execute(nextStatement))
            nextStatement += 1
            if statement.required != nil { break }
        }
        let mayCommit = nextStatement == statements.count && (statements.last?.required == nil || commands.isEmpty)
        if hasBegun && (mayCommit || commands.isEmpty) {
            commands.append(.commit)
            nextStatement = statements.count + 1
        }
        return commands
    }

    private func sendGroup(_ commands: [Command]) -> Bool {
        unsent = commands[...]
        unanswered = []
        if !isPipelining { return sendNext() }
        while !unsent.isEmpty {
            guard sendNext() else { return false }
        }
        return glance_pq_pipeline_sync(handle) == 1
    }

    private func sendNext() -> Bool {
        guard let command = unsent.popFirst() else { return true }
        unanswered.append(command)
        switch command {
        case .begin: return send("BEGIN")
        case .commit: return send("COMMIT")
        case .rollback: return send("ROLLBACK")
        case .forgetStatements: return send("DEALLOCATE ALL")
        case .prepare(let index):
            let statement = statements[index]
            guard let name = prepared[statement.sql] else { return false }
            return PQsendPrepare(handle, name, statement.sql, Int32(statement.types.count), statement.types) == 1
        case .execute(let index):
            let statement = statements[index]
            guard let name = prepared[statement.sql] else { return false }
            return statement.withValues {
                PQsendQueryPrepared(handle, name, Int32(statement.types.count), $0, nil, nil, 0) == 1
            }
        }
    }

    private func send(_ sql: String) -> Bool {
        PQsendQueryParams(handle, sql, 0, nil, nil, nil, nil, 0) == 1
    }

    private func flush() -> Progress {
        switch PQflush(handle) {
        case 0: .waiting(wantsWrite: false)
        case 1: .waiting(wantsWrite: true)
        default: broken()
        }
    }

    // MARK: Receiving

    private func take(_ result: LibpqResult, _ status: ExecStatusType) {
        switch status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
            guard let command = unanswered.first else { return }
            if case .execute(let index) = command {
                let table = Rows(result)
                rows.append(table)
                if access == .write { hasEffect = true }
                if let required = statements[index].required, table.affected == 0, failure == nil {
                    failure = StatementFailure(required)
                }
            }
        default:
            // What follows an error in a pipeline is reported as aborted: the first error is the one that counts.
            if case .prepare(let index)? = unanswered.first { prepared[statements[index].sql] = nil }
            if failure == nil && status.rawValue != UInt32(glance_pq_pipeline_aborted_status) {
                failure = classify(result)
            }
        }
    }

    private func afterGroup() -> Progress? {
        if let failure {
            if hasBegun {
                hasBegun = false
                return sendGroup([.rollback]) ? nil : .broken(failure)
            }
            return PQstatus(handle) == CONNECTION_OK ? .finished(.failure(failure)) : .broken(failure)
        }
        let isDone = hasBegun ? nextStatement > statements.count : nextStatement >= statements.count
        if isDone { return .finished(.success(rows)) }
        return sendGroup(nextGroup()) ? nil : broken()
    }

    private func classify(_ result: LibpqResult) -> StatementFailure {
        let code = result.errorField("C") ?? ""
        let message = result.errorField("M") ?? connectionMessage
        switch code {
        case "23505":
            return StatementFailure(.duplicate)
        case "40001", "40P01":
            return StatementFailure(.unavailable(message), retry: .afterPause)
        case "55P03":
            // Somebody has held a lock for as long as anybody may be waited for.
            return StatementFailure(.unavailable(message))
        case "0A000" where message.contains("cached plan"), "26000":
            // The tables changed, or a connection pooler gave us another session: prepare everything again.
            prepared = [:]
            return StatementFailure(.unavailable(message), retry: .atOnce)
        case "25P03":
            // This process has said nothing in the middle of a transaction for so long that the server has ended it.
            return StatementFailure(.unavailable(message), retry: .atOnce)
        case "57P01", "57P02", "57P03", "57P05":
            // The server ends this session. As the first answer it says that nothing was carried out.
            return StatementFailure(.unavailable(message), retry: hasEffect ? .never : .atOnce)
        default:
            if code.hasPrefix("08") || code.hasPrefix("53") || code.hasPrefix("58") || code.isEmpty {
                return StatementFailure(
                    .unavailable(message), retry: access == .read && code.isEmpty ? .atOnce : .never)
            }
            if let value = InvalidValue(sqlState: code) { return StatementFailure(.invalidValue(value)) }
            return StatementFailure(.statement(code: code, message: message))
        }
    }

    private func broken() -> Progress {
        // A statement that only reads can be repeated; of any other nobody knows whether it was carried out.
        let known = failure ?? StatementFailure(connectionError, retry: access == .read ? .atOnce : .never)
        return .broken(known)
    }

    private var connectionMessage: String {
        let message = PQerrorMessage(handle).map { String(cString: $0) } ?? ""
        return message.split(separator: "\n").first.map(String.init) ?? "connection lost"
    }

    private var connectionError: DatabaseError { .unavailable(connectionMessage) }

    /// Statements prepared on one connection before all are forgotten and prepared anew: lists have many shapes.
    private static let maximumPreparedStatements = 256
    /// Bytes of their texts. The server needs fifty times as much for them, and a client's filters make them long.
    private static let maximumPreparedBytes = 512 << 10
}
