import CLibpq

/// A transaction on its way through the driver.
struct PostgresJob: Sendable {
    /// Who waits for it.
    enum Waiting: Sendable {
        case one(CheckedContinuation<Result<[Rows], StatementFailure>, Never>)
        /// Lookups that are one statement, whose rows all of them get.
        case lookups([PostgresLookup], LookupTurns?)
    }

    let statements: [PostgresStatement]
    let access: SQLAccess
    let waiting: Waiting

    /// Lookups with the same statements.
    init(_ lookups: [PostgresLookup], _ turns: LookupTurns?) {
        statements = [PostgresStatement(lookups)]
        access = .read
        waiting = .lookups(lookups, turns)
    }

    init(
        _ statements: [PostgresStatement], _ access: SQLAccess,
        _ continuation: CheckedContinuation<Result<[Rows], StatementFailure>, Never>
    ) {
        self.statements = statements
        self.access = access
        waiting = .one(continuation)
    }

    var isLookup: Bool {
        if case .lookups = waiting { true } else { false }
    }

    func finish(_ result: Result<[Rows], StatementFailure>) {
        switch waiting {
        case .one(let continuation): continuation.resume(returning: result)
        case .lookups(let lookups, let turns):
            let rows = result.map { $0[0] }
            // The loop is woken once, and finds all of them ready.
            let resume = { @Sendable in for lookup in lookups { lookup.continuation.resume(returning: rows) } }
            if let turns, lookups.count > 1 { turns.atEnd(resume) } else { resume() }
        }
    }
}

/// A lookup that waits for the next statement of its kind.
struct PostgresLookup: Sendable {
    let statements: LookupStatements
    /// As in ``Lookup/isPlain``.
    let key: String
    let continuation: CheckedContinuation<Result<Rows, StatementFailure>, Never>
}

/// A statement with its parameters in the form that libpq takes.
struct PostgresStatement: Sendable {
    let sql: String
    let required: DatabaseError?
    let types: [Oid]
    /// The values as C strings, one after the other.
    private let bytes: [CChar]
    /// Where each value starts in `bytes`; nil for a null.
    private let offsets: [Int?]

    /// - Throws: ``DatabaseError/invalidValue(_:)`` for a text with a zero byte, which PostgreSQL cannot store.
    init(_ statement: Statement) throws(DatabaseError) {
        sql = statement.locksRows ? statement.sql + " FOR UPDATE" : statement.sql
        required = statement.required
        var types: [Oid] = []
        var bytes: [CChar] = []
        var offsets: [Int?] = []
        for parameter in statement.parameters {
            let text: String?
            switch parameter {
            case .text(let value): (text, _) = (value, types.append(Self.text))
            // An unspecified type: the server takes it from the context.
            case .enumerated(let value): (text, _) = (value, types.append(0))
            case .integer(let value): (text, _) = (value.map { String($0) }, types.append(20))
            case .bool(let value): (text, _) = (value ? "t" : "f", types.append(16))
            case .time(let value): (text, _) = (value?.databaseText, types.append(1114))
            }
            guard let text else {
                offsets.append(nil)
                continue
            }
            offsets.append(bytes.count)
            for byte in text.utf8 {
                if byte == 0 { throw .invalidValue(.characters) }
                bytes.append(CChar(bitPattern: byte))
            }
            bytes.append(0)
        }
        self.types = types
        self.bytes = bytes
        self.offsets = offsets
    }

    /// The statement that answers lookups, of one kind, with plain keys.
    init(_ lookups: [PostgresLookup]) {
        required = nil
        offsets = [0]
        if lookups.count > 1, let many = lookups[0].statements.many {
            sql = many
            types = [Self.textArray]
            bytes = Self.text("{\(lookups.lazy.map { "\"\($0.key)\"" }.joined(separator: ","))}")
        } else {
            sql = lookups[0].statements.one
            types = [Self.text]
            bytes = Self.text(lookups[0].key)
        }
    }

    /// Types by their numbers in pg_type.
    private static let text: Oid = 25
    private static let textArray: Oid = 1009

    private static func text(_ value: String) -> [CChar] { value.utf8.map { CChar(bitPattern: $0) } + [0] }

    /// Calls `body` with the array of C strings.
    func withValues<Value>(_ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value) -> Value {
        bytes.withUnsafeBufferPointer { buffer in
            let pointers = offsets.map { offset in offset.flatMap { offset in buffer.baseAddress.map { $0 + offset } } }
            return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }
}
