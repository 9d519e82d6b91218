/// One step of a migration.
enum SchemaChange: Sendable {
    case create(TableDefinition)
    case dropTable(String)
    case addColumn(table: String, TableDefinition.Column)
    case createIndex(table: String, TableDefinition.Index)
    /// Changes of columns in place. SQLite cannot do them: there the table is built anew, from what it is before the
    /// revision, so that this has to be the first change of a table in a revision.
    case alter(table: String, [Alteration])
    /// A statement for both databases.
    case run(String)
    case runOnPostgreSQL(String)

    enum Alteration: Sendable {
        /// Drops a column and the indexes on it.
        case drop(String)
        /// Sets whether a column may be null, and its default.
        case allowNull(String, Bool, defaultText: String?)
    }
}

extension SchemaChange {
    /// The SQL of this step on a database in its present state.
    func statements(on session: DatabaseSession) async throws(DatabaseError) -> [Statement] {
        let dialect = session.dialect.name
        switch self {
        case .create(let table):
            return table.statements(dialect).map { Statement($0) }
        case .dropTable(let table):
            return [Statement("DROP TABLE \(table)")]
        case .addColumn(let table, let column):
            return [Statement("ALTER TABLE \(table) ADD COLUMN \(column.definition(dialect))")]
        case .createIndex(let table, let index):
            return [Statement(index.statement(on: table))]
        case .run(let sql):
            return [Statement(sql)]
        case .runOnPostgreSQL(let sql):
            return dialect == .postgreSQL ? [Statement(sql)] : []
        case .alter(let table, let alterations):
            if dialect == .sqlite {
                return try await SQLiteTableRebuild(table, alterations).statements(on: session)
            }
            return alterations.flatMap { alteration in
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
    }
}
