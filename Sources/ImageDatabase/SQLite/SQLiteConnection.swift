import CSQLite
import ImageModel

/// One open SQLite database. Confined to the thread that opened it.
final class SQLiteConnection {
    private struct Prepared {
        let statement: OpaquePointer
        /// For each parameter of the statement its place in SQLite's numbering, 0 when the text does not use it.
        let places: [Int32]
    }

    private let database: OpaquePointer
    private var prepared: [String: Prepared] = [:]

    init(path: String, isWriter: Bool, options: DatabaseOptions) throws(StatementFailure) {
        var database: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let status = sqlite3_open_v2(path, &database, flags, nil)
        guard status == SQLITE_OK, let database else {
            let message = database.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(database)
            throw StatementFailure(.unavailable("\(path): \(message)"))
        }
        self.database = database
        sqlite3_extended_result_codes(database, 1)
        sqlite3_busy_timeout(database, 1000)
        // WAL lets readers and one writer work at the same time, across processes too. A file system that cannot
        // do it keeps the old mode, which is slower but right.
        if isWriter, options.usesWriteAheadLog { _ = try? execute(Statement("PRAGMA journal_mode = WAL")) }
        let synchronous = options.sqliteSynchronous ? "FULL" : "OFF"
        _ = try execute(Statement("PRAGMA synchronous = \(synchronous)"))
    }

    deinit {
        for entry in prepared.values { sqlite3_finalize(entry.statement) }
        sqlite3_close_v2(database)
    }

    /// Runs statements as one transaction.
    func run(_ statements: [Statement], _ access: SQLAccess) -> Result<[Rows], StatementFailure> {
        let isTransaction = statements.count > 1 && access == .write
        var rows: [Rows] = []
        do throws(StatementFailure) {
            if isTransaction { _ = try execute(Statement("BEGIN IMMEDIATE")) }
            for statement in statements {
                let table = try execute(statement)
                if let required = statement.required, table.affected == 0 { throw StatementFailure(required) }
                rows.append(table)
            }
            if isTransaction { _ = try execute(Statement("COMMIT")) }
            return .success(rows)
        } catch {
            if sqlite3_get_autocommit(database) == 0 { _ = try? execute(Statement("ROLLBACK")) }
            return .failure(error)
        }
    }

    private func execute(_ statement: Statement) throws(StatementFailure) -> Rows {
        let entry = try prepare(statement)
        defer {
            sqlite3_reset(entry.statement)
            sqlite3_clear_bindings(entry.statement)
        }
        for (place, value) in zip(entry.places, statement.parameters) where place > 0 {
            try bind(value, to: entry.statement, at: place)
        }
        let columns = sqlite3_column_count(entry.statement)
        var cells = CellBuffer(columnCount: Int(columns))
        while true {
            switch sqlite3_step(entry.statement) {
            case SQLITE_ROW:
                for column in 0..<columns {
                    guard let text = sqlite3_column_text(entry.statement, column) else {
                        cells.append(nil)
                        continue
                    }
                    let length = Int(sqlite3_column_bytes(entry.statement, column))
                    cells.append(UnsafeBufferPointer(start: text, count: length))
                }
                cells.endRow()
            case SQLITE_DONE:
                let changed = columns == 0 ? Int(sqlite3_changes(database)) : cells.rowCount
                return Rows(cells, affected: changed)
            default:
                throw failure()
            }
        }
    }

    private func prepare(_ statement: Statement) throws(StatementFailure) -> Prepared {
        if let entry = prepared[statement.sql] { return entry }
        if prepared.count >= Self.maximumPreparedStatements {
            for entry in prepared.values { sqlite3_finalize(entry.statement) }
            prepared = [:]
        }
        var handle: OpaquePointer?
        // A transaction that writes has the whole file for itself: there are no row locks to ask for.
        guard sqlite3_prepare_v2(database, statement.sql, -1, &handle, nil) == SQLITE_OK, let handle else {
            throw failure()
        }
        let places = statement.parameters.indices.map { sqlite3_bind_parameter_index(handle, "$\($0 + 1)") }
        let entry = Prepared(statement: handle, places: places)
        prepared[statement.sql] = entry
        return entry
    }

    private func bind(_ value: SQLValue, to statement: OpaquePointer, at place: Int32) throws(StatementFailure) {
        let status =
            switch value {
            case .text(let text?): bind(text, to: statement, at: place)
            case .enumerated(let text): bind(text, to: statement, at: place)
            case .time(let time?): bind(time.databaseText, to: statement, at: place)
            case .integer(let integer?): sqlite3_bind_int64(statement, place, integer)
            case .bool(let bool): sqlite3_bind_int64(statement, place, bool ? 1 : 0)
            case .text(nil), .integer(nil), .time(nil): sqlite3_bind_null(statement, place)
            }
        guard status == SQLITE_OK else { throw failure() }
    }

    private func bind(_ text: String, to statement: OpaquePointer, at place: Int32) -> Int32 {
        // SQLite copies the bytes: SQLITE_TRANSIENT, whose C macro Swift cannot import.
        let copy = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        return sqlite3_bind_text(statement, place, text, Int32(clamping: text.utf8.count), copy)
    }

    private func failure() -> StatementFailure {
        let code = sqlite3_extended_errcode(database)
        let message = String(cString: sqlite3_errmsg(database))
        if code == glance_sqlite_constraint_unique || code == glance_sqlite_constraint_primary_key {
            return StatementFailure(.duplicate)
        }
        switch code & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED:
            return StatementFailure(.unavailable(message), retry: .afterPause)
        case SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_READONLY, SQLITE_NOMEM,
            SQLITE_PERM:
            return StatementFailure(.unavailable(message))
        case SQLITE_TOOBIG:
            return StatementFailure(.invalidValue(.tooLong))
        case SQLITE_ERROR where message.hasPrefix("no such table"):
            return StatementFailure(.statement(code: DatabaseError.undefinedTable, message: message))
        case SQLITE_ERROR where message.hasSuffix("already exists"):
            return StatementFailure(.statement(code: DatabaseError.duplicateTable, message: message))
        default:
            return StatementFailure(.statement(code: String(code), message: message))
        }
    }

    private static let maximumPreparedStatements = 256
}
