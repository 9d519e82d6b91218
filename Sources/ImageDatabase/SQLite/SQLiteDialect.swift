import JSON

/// SQLite's own words.
struct SQLiteDialect: ConflictClauseDialect {
    let nullsAreSmallest = true
    let schema: any SchemaDialect = SQLiteSchemaDialect()

    // It compares the condition of the index with those of the query as they stand.
    func isOne(_ column: String, _ value: String, among values: [String]) -> String {
        "\(column) IN (\(values.map { "'\($0)'" }.joined(separator: ", "))) AND \(column) = '\(value)'"
    }

    /// A lookup in the file needs no round trip that others could share.
    func forEach(_ name: String, of parameter: String, _ selection: String) -> String? { nil }

    // It keeps to the order of a CROSS JOIN.
    func lookUp(_ table: String, where condition: String, forEachOf rows: String) -> String {
        "\(rows) CROSS JOIN \(table) i WHERE \(condition)"
    }

    func unknownLimit(_ count: Int) -> String { "LIMIT \(count)" }

    func textRows(_ columns: [String], from source: String) -> String {
        "(SELECT json_group_array(json_array(\(columns.map(text).joined(separator: ", ")))) FROM \(source))"
    }

    func decodeTextRows(_ bytes: UnsafeBufferPointer<UInt8>, columns: Int) -> [String?]? {
        guard case .array(let rows)? = try? JSONValue.parse(bytes) else { return nil }
        var result: [String?] = []
        for row in rows {
            guard case .array(let cells) = row, cells.count == columns else { return nil }
            result += cells.map { if case .string(let text) = $0 { text } else { nil } }
        }
        return result
    }
}

struct SQLiteSchemaDialect: SchemaDialect {
    func name(of type: ColumnType) -> String {
        switch type {
        case .string(let length): "VARCHAR(\(length))"
        case .text: "TEXT"
        case .integer, .size, .reference, .serial, .bigSerial: "INTEGER"
        case .bigInteger: "BIGINT"
        case .boolean: "BOOLEAN"
        case .dateTime: "DATETIME"
        case .numeric: "NUMERIC"
        case .visibility: "VARCHAR(9)"
        }
    }

    func literal(_ value: Bool) -> String { value ? "1" : "0" }

    func booleanCheck(_ column: String) -> String? { "CHECK (\(column) IN (0, 1))" }

    func createEnumeration(_ name: String, _ values: [String]) -> [Statement] { [] }

    func alter(
        _ table: String, _ alterations: [SchemaChange.Alteration], on session: DatabaseSession
    ) async throws(DatabaseError) -> [Statement] {
        try await SQLiteTableRebuild(table, alterations).statements(on: session)
    }

    /// A transaction that writes has the whole file for itself.
    func lock(_ table: String) -> [Statement] { [] }

    let findColumn = "SELECT 1 FROM pragma_table_info($1) WHERE name = $2"

    let encoding = "SELECT encoding FROM pragma_encoding"

    func createIndex(_ index: AddedIndex) -> String {
        let columns =
            switch index.key {
            case .text(let column): [column]
            case .columns(let columns, beside: _): columns
            }
        let condition = index.condition.map { " WHERE \($0)" } ?? ""
        return
            "CREATE INDEX IF NOT EXISTS \(index.name) ON \(index.table) (\(columns.joined(separator: ", ")))\(condition)"
    }

    func dropIndex(_ name: String) -> String { "DROP INDEX IF EXISTS \(name)" }

    let findIndex = "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = $1"
}
