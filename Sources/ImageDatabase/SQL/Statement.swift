/// One SQL statement with its parameters `$1`, `$2`, ….
///
/// The text is the same for every driver. `{lock}` at the end of a SELECT stands for the driver's way to lock the rows
/// until the transaction ends.
struct Statement: Sendable {
    var sql: String
    var parameters: [SQLValue]
    /// Thrown, after a rollback, when the statement finds or changes no row.
    var required: DatabaseError?

    init(_ sql: String, _ parameters: [SQLValue] = [], required: DatabaseError? = nil) {
        self.sql = sql
        self.parameters = parameters
        self.required = required
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
