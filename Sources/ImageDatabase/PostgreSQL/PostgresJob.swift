import CLibpq

/// A transaction on its way through the driver.
struct PostgresJob: Sendable {
    let statements: [PostgresStatement]
    let access: SQLAccess
    let continuation: CheckedContinuation<Result<[Rows], StatementFailure>, Never>
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
            case .text(let value): (text, _) = (value, types.append(25))
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

    /// Calls `body` with the array of C strings.
    func withValues<Value>(_ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value) -> Value {
        bytes.withUnsafeBufferPointer { buffer in
            let pointers = offsets.map { offset in offset.flatMap { offset in buffer.baseAddress.map { $0 + offset } } }
            return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }
}
