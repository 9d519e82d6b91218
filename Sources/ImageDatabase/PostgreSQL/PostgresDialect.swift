/// PostgreSQL's own words.
struct PostgresDialect: ConflictClauseDialect {
    let nullsAreSmallest = false
    let schema: any SchemaDialect = PostgresSchemaDialect()

    // It sees for itself that the value is among them, and takes two conditions to leave fewer rows than one.
    func isOne(_ column: String, _ value: String, among values: [String]) -> String { "\(column) = '\(value)'" }

    func forEach(_ name: String, of parameter: String, _ selection: String) -> String? {
        // OFFSET 0 keeps the selection what it is: each text is looked for as if it were alone.
        """
        SELECT found.* FROM unnest(\(parameter)) AS keys (\(name)) CROSS JOIN LATERAL (\(selection) OFFSET 0) AS found
        """
    }

    func lookUp(_ table: String, where condition: String, forEachOf rows: String) -> String {
        "\(rows) CROSS JOIN LATERAL (SELECT * FROM \(table) i WHERE \(condition) OFFSET 0) AS i WHERE true"
    }

    // It takes a tenth for granted.
    func unknownLimit(_ count: Int) -> String { "LIMIT (SELECT \(count))" }

    func textRows(_ columns: [String], from source: String) -> String {
        // Aggregates and JSON would cost PostgreSQL more.
        "ARRAY(SELECT ARRAY[\(columns.map(text).joined(separator: ", "))] FROM \(source))"
    }

    func decodeTextRows(_ bytes: UnsafeBufferPointer<UInt8>, columns: Int) -> [String?]? {
        var parser = PostgresArrayParser(bytes)
        return parser.cells(columns: columns)
    }
}

struct PostgresSchemaDialect: SchemaDialect {
    func name(of type: ColumnType) -> String {
        switch type {
        case .string(let length): "VARCHAR(\(length))"
        case .text: "TEXT"
        case .integer: "INTEGER"
        case .bigInteger, .size, .reference: "BIGINT"
        case .boolean: "BOOLEAN"
        case .dateTime: "TIMESTAMP WITHOUT TIME ZONE"
        case .numeric: "NUMERIC"
        case .visibility: "image_visibility"
        case .serial: "SERIAL"
        case .bigSerial: "BIGSERIAL"
        }
    }

    func literal(_ value: Bool) -> String { value ? "true" : "false" }

    func booleanCheck(_ column: String) -> String? { nil }

    func createEnumeration(_ name: String, _ values: [String]) -> [Statement] {
        [Statement("CREATE TYPE \(name) AS ENUM (\(values.map { "'\($0)'" }.joined(separator: ", ")))")]
    }

    func alter(
        _ table: String, _ alterations: [SchemaChange.Alteration], on session: DatabaseSession
    ) async throws(DatabaseError) -> [Statement] {
        alterations.flatMap { alteration in
            switch alteration {
            case .drop(let column):
                return [Statement("ALTER TABLE \(table) DROP COLUMN \(column)")]
            case .allowNull(let column, let isNullable, let defaultText):
                let value = defaultText.map { "SET DEFAULT '\($0)'" } ?? "DROP DEFAULT"
                let null = isNullable ? "DROP NOT NULL" : "SET NOT NULL"
                return [
                    Statement("ALTER TABLE \(table) ALTER COLUMN \(column) \(value)"),
                    Statement("ALTER TABLE \(table) ALTER COLUMN \(column) \(null)"),
                ]
            }
        }
    }

    func lock(_ table: String) -> [Statement] { [Statement("LOCK TABLE \(table) IN EXCLUSIVE MODE")] }

    let findColumn = """
        SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = $2 AND NOT attisdropped
        """

    let encoding = "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()"

    func createIndex(_ index: AddedIndex) -> String {
        let columns =
            switch index.key {
            // Of a hash index no entry is larger than the hash; a tree refuses texts of more than 2700 bytes.
            case .text(let column): "USING hash (\(column))"
            case .columns(let columns, beside: []): "(\(columns.joined(separator: ", ")))"
            case .columns(let columns, let beside):
                "(\(columns.joined(separator: ", "))) INCLUDE (\(beside.joined(separator: ", ")))"
            }
        let condition = index.condition.map { " WHERE \($0)" } ?? ""
        return "CREATE INDEX CONCURRENTLY IF NOT EXISTS \(index.name) ON \(index.table) \(columns)\(condition)"
    }

    func dropIndex(_ name: String) -> String { "DROP INDEX CONCURRENTLY IF EXISTS \(name)" }

    /// An index whose making was interrupted is there, costs every writer its time, and serves nobody.
    let findIndex = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)"
}
