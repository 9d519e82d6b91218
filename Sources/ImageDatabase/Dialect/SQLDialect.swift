/// Where databases differ in ways that the text of a statement cannot hide. One value for each database; nothing else in
/// the module but its driver knows which one it is.
///
/// What a query may use as it stands: parameters `$1`, `$2`, … in any order and more than once (a driver whose database
/// counts question marks translates them), `true` and `false`, common table expressions, window functions, row values.
protocol SQLDialect: Sendable {
    /// Whether nulls are sorted before everything else, not after it.
    var nullsAreSmallest: Bool { get }

    /// What stands between the columns and the condition of a SELECT that reads no table.
    var noTable: String { get }

    /// An expression as text. The types of text that only a schema knows, enumerations for instance, lose their own rules.
    func text(_ expression: String) -> String

    /// An expression as an integer of 64 bits.
    func integer(_ expression: String) -> String

    /// A condition: two texts of clients are the same to the byte. A collation must not take others for equal.
    func isSame(_ column: String, _ other: String) -> String

    /// A condition: the columns have the values of one of the rows.
    func isOneOf(_ columns: [String], _ rows: [[String]]) -> String

    /// A condition: the column has a value, which is one of those that the rows of an index have by its condition. Said so that
    /// the database takes the index.
    func isOne(_ column: String, _ value: String, among values: [String]) -> String

    /// A sub-select from the very table that the statement around it changes. It must not refer to that statement's row.
    func ofChangedTable(_ selection: String) -> String

    /// An INSERT that changes no row when one with the key is there.
    func insertIfAbsent(_ insertion: SQLInsertion) -> String

    /// An INSERT that, when a row with the key is there, gives that row the new values of the columns `replacing` and sets
    /// the columns `setting` to expressions.
    func upsert(_ insertion: SQLInsertion, replacing: [String], setting: [(column: String, value: String)]) -> String

    /// A SELECT for each text of a parameter that is an array of them, planned as it is for one. The rows come in any order.
    /// Nil where there is no such statement.
    ///
    /// - Parameter name: what the text is called in the selection.
    func forEach(_ name: String, of parameter: String, _ selection: String) -> String?

    /// What stands after FROM: the few rows of a table expression, each with the one row of a table, as `i`, for which a condition
    /// holds, which names an index of it. However small the table is, it is not read as a whole. Other conditions may follow.
    func lookUp(_ table: String, where condition: String, forEachOf rows: String) -> String

    /// A LIMIT that a planner does not know, so that it takes an order that an index has even where it expects fewer rows in all.
    func unknownLimit(_ count: Int) -> String

    /// An expression whose one value is all rows of `source`, each an array of the `columns` as text.
    func textRows(_ columns: [String], from source: String) -> String

    /// Reads what ``textRows(_:from:)`` selects: the cells of all rows, one row after the other. Nil when the bytes are nothing
    /// of the kind, or a row has not so many columns.
    func decodeTextRows(_ bytes: UnsafeBufferPointer<UInt8>, columns: Int) -> [String?]?

    var schema: any SchemaDialect { get }
}

/// What a table of the schema is called in a database's own words.
protocol SchemaDialect: Sendable {
    func name(of type: ColumnType) -> String

    /// A truth value as the default of a column.
    func literal(_ value: Bool) -> String

    /// The condition by which a table keeps anything but truth values out of a column; nil where its type does.
    func booleanCheck(_ column: String) -> String?

    /// Makes a type of its own for a column with few values; nothing where there is no such type.
    func createEnumeration(_ name: String, _ values: [String]) -> [Statement]

    /// Changes columns. It has to be the first change of a table in a transaction.
    func alter(
        _ table: String, _ alterations: [SchemaChange.Alteration], on session: DatabaseSession
    ) async throws(DatabaseError) -> [Statement]

    /// Keeps other writers away from a table for the rest of a transaction; nothing where any writer does.
    func lock(_ table: String) -> [Statement]

    /// Finds a row when the table `$1` has the column `$2`.
    var findColumn: String { get }

    /// One cell: the name of the encoding in which the database keeps texts.
    var encoding: String { get }

    /// Makes an index. It must not keep writers away for long, and is run outside of a transaction.
    func createIndex(_ index: AddedIndex) -> String

    /// Takes away what an interrupted ``createIndex(_:)`` has left, outside of a transaction.
    func dropIndex(_ name: String) -> String

    /// One row with a truth value when the index `$1` is there: whether queries can use it.
    var findIndex: String { get }
}

/// The parts of an INSERT whose key may be taken.
struct SQLInsertion: Sendable {
    var table: String
    var columns: [String]
    /// `VALUES (…)`, or a SELECT with a condition.
    var source: String
    /// The columns of the key.
    var key: [String]

    init(into table: String, _ columns: [String], _ source: String, key: [String]) {
        self.table = table
        self.columns = columns
        self.source = source
        self.key = key
    }

    var text: String { "INSERT INTO \(table) (\(columns.joined(separator: ", "))) \(source)" }
}

/// What PostgreSQL and SQLite have in common.
protocol ConflictClauseDialect: SQLDialect {}

extension ConflictClauseDialect {
    var noTable: String { "" }

    func text(_ expression: String) -> String { "CAST(\(expression) AS text)" }

    func integer(_ expression: String) -> String { "CAST(\(expression) AS bigint)" }

    func isSame(_ column: String, _ other: String) -> String { "\(column) = \(other)" }

    func isOneOf(_ columns: [String], _ rows: [[String]]) -> String {
        if columns.count == 1 { return "\(columns[0]) IN (\(rows.joined().joined(separator: ", ")))" }
        let values = rows.map { "(\($0.joined(separator: ", ")))" }
        let row = "(\(columns.joined(separator: ", ")))"
        return values.count == 1 ? "\(row) = \(values[0])" : "\(row) IN (VALUES \(values.joined(separator: ", ")))"
    }

    func ofChangedTable(_ selection: String) -> String { "(\(selection))" }

    func insertIfAbsent(_ insertion: SQLInsertion) -> String {
        "\(insertion.text) ON CONFLICT (\(insertion.key.joined(separator: ", "))) DO NOTHING"
    }

    func upsert(_ insertion: SQLInsertion, replacing: [String], setting: [(column: String, value: String)]) -> String {
        let changes = replacing.map { "\($0) = excluded.\($0)" } + setting.map { "\($0.column) = \($0.value)" }
        let key = insertion.key.joined(separator: ", ")
        return "\(insertion.text) ON CONFLICT (\(key)) DO UPDATE SET \(changes.joined(separator: ", "))"
    }
}
