/// One SQL statement with its parameters `$1`, `$2`, ….
///
/// The text is the same for every driver.
struct Statement: Sendable {
    var sql: String
    var parameters: [SQLValue]
    /// Thrown, after a rollback, when the statement finds or changes no row.
    var required: DatabaseError?
    /// Whether the rows of a SELECT stay locked until the transaction ends; each driver does that in its own way.
    var locksRows: Bool

    init(
        _ sql: String, _ parameters: [SQLValue] = [], required: DatabaseError? = nil, locksRows: Bool = false
    ) {
        self.sql = sql
        self.parameters = parameters
        self.required = required
        self.locksRows = locksRows
    }
}

/// Puts a statement's text together and numbers its parameters.
struct StatementBuilder {
    private(set) var sql = ""
    private(set) var parameters: [SQLValue] = []

    /// Appends text.
    mutating func append(_ text: String) { sql += text }

    /// Remembers a parameter and returns its placeholder.
    mutating func bind(_ value: SQLValue) -> String {
        parameters.append(value)
        return "$\(parameters.count)"
    }

    var statement: Statement { Statement(sql, parameters) }
}
