/// Changes columns of an SQLite table by copying it into a new one (SQLite documentation, "Making Other Kinds Of Table
/// Schema Changes").
///
/// For tables that have a primary key and no other constraint; what is there is read from the database, because a table
/// may have got columns of a later release before.
struct SQLiteTableRebuild {
    private let table: String
    private let alterations: [SchemaChange.Alteration]

    init(_ table: String, _ alterations: [SchemaChange.Alteration]) {
        self.table = table
        self.alterations = alterations
    }

    func statements(on session: DatabaseSession) async throws(DatabaseError) -> [Statement] {
        let results = try await session.read(
            Statement("SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info($1)", [.text(table)]),
            Statement(
                """
                SELECT m.sql, i.name FROM sqlite_master m, pragma_index_info(m.name) i \
                WHERE m.type = 'index' AND m.tbl_name = $1 AND m.sql IS NOT NULL ORDER BY m.rowid
                """, [.text(table)]))
        var lines: [String] = []
        var kept: [String] = []
        var key: [(Int64, String)] = []
        for index in 0..<results[0].count {
            let row = results[0][index]
            let name = try row.required(row.text(0), 0)
            if isDropped(name) { continue }
            kept.append(name)
            if let place = try row.integer(4), place > 0 { key.append((place, name)) }
            var (isNullable, defaultText) = (try row.integer(2) == 0, row.text(3))
            for case .allowNull(name, let nullable, let text) in alterations {
                (isNullable, defaultText) = (nullable, text.map { "'\($0)'" })
            }
            let type = row.text(1) ?? ""
            lines.append(
                "\(name) \(type)" + (defaultText.map { " DEFAULT \($0)" } ?? "") + (isNullable ? "" : " NOT NULL"))
        }
        let primary = key.sorted { $0.0 < $1.0 }.map(\.1).joined(separator: ", ")
        lines.append("PRIMARY KEY (\(primary))")
        let columns = kept.joined(separator: ", ")
        let copy = "_alembic_tmp_\(table)"
        return [
            Statement("CREATE TABLE \(copy) (\n\t\(lines.joined(separator: ", \n\t"))\n)"),
            Statement("INSERT INTO \(copy) (\(columns)) SELECT \(columns) FROM \(table)"),
            Statement("DROP TABLE \(table)"),
            Statement("ALTER TABLE \(copy) RENAME TO \(table)"),
        ] + indexes(results[1])
    }

    /// The indexes that do not hold a dropped column.
    private func indexes(_ rows: Rows) -> [Statement] {
        var columns: [(sql: String, names: [String])] = []
        for index in 0..<rows.count {
            guard let sql = rows[index].text(0), let name = rows[index].text(1) else { continue }
            if columns.last?.sql == sql {
                columns[columns.count - 1].names.append(name)
            } else {
                columns.append((sql, [name]))
            }
        }
        return columns.filter { !$0.names.contains(where: isDropped) }.map { Statement($0.sql) }
    }

    private func isDropped(_ column: String) -> Bool {
        alterations.contains { if case .drop(column) = $0 { true } else { false } }
    }
}
