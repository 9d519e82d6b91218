/// One step of a migration.
enum SchemaChange: Sendable {
    case create(TableDefinition)
    case dropTable(String)
    case addColumn(table: String, TableDefinition.Column)
    case createIndex(table: String, TableDefinition.Index)
    /// Changes of columns. Where they cannot be made in place the table is built anew from what it is before the revision,
    /// so that this has to be the first change of a table in a revision.
    case alter(table: String, [Alteration])
    /// Makes a type for a column with few values, where a database has such types.
    case createEnumeration(String, [String])
    /// A statement for every database.
    case run(String)

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
        let dialect = session.dialect.schema
        switch self {
        case .create(let table):
            return table.statements(dialect).map { Statement($0) }
        case .dropTable(let table):
            return [Statement("DROP TABLE \(table)")]
        case .addColumn(let table, let column):
            return [Statement("ALTER TABLE \(table) ADD COLUMN \(column.definition(dialect))")]
        case .createIndex(let table, let index):
            return [Statement(index.statement(on: table))]
        case .createEnumeration(let name, let values):
            return dialect.createEnumeration(name, values)
        case .run(let sql):
            return [Statement(sql)]
        case .alter(let table, let alterations):
            return try await dialect.alter(table, alterations, on: session)
        }
    }
}
