import Processes
import TextCoding

/// A table of ours whose rows are owned by processes, and the statements by which they are.
///
/// `row` names a row by columns and values, beside the lease.
struct LeaseTable: Sendable {
    typealias Cells = [(column: String, value: SQLValue)]

    static let uploads = LeaseTable(name: "glance_uploads")
    static let scrubs = LeaseTable(name: "glance_scrubs")
    static let imports = LeaseTable(name: "glance_imports")

    var name: String

    /// The columns of a lease, in the order of ``ProcessLease/values``.
    static let columns = ["host", "pid", "start_time", "renewed_at"]

    /// Writes a row that `lease` owns; throws ``DatabaseError/duplicate`` when run while the row is there.
    func insert(_ row: Cells, _ lease: ProcessLease) -> Statement {
        let (insertion, values) = insertion(row, lease)
        return Statement(insertion.text, values)
    }

    /// Writes a row that `lease` owns unless it is there.
    ///
    /// - Parameter key: the columns of the table's key.
    /// - Throws: (when run) ``DatabaseError/conflict`` when it is.
    func claim(
        _ row: Cells, _ lease: ProcessLease, key: [String], _ dialect: any SQLDialect
    ) -> Statement {
        var (insertion, values) = insertion(row, lease)
        insertion.key = key
        return Statement(dialect.insertIfAbsent(insertion), values, required: .conflict)
    }

    /// Says that a process lives: one statement for all that it owns.
    func renew(by process: ProcessIdentity, at now: Timestamp = .now) -> Statement {
        var builder = StatementBuilder()
        builder.append("UPDATE \(name) SET renewed_at = \(builder.bind(.time(now)))")
        builder.append(" WHERE \(Self.isOwn(process, &builder))")
        return builder.statement
    }

    /// Says that a process still works on a row: changes no row when it is not its any more.
    func renew(
        _ row: Cells, by process: ProcessIdentity, at now: Timestamp = .now, setting cells: Cells = []
    ) -> Statement {
        var builder = StatementBuilder()
        let changes = ([("renewed_at", .time(now))] + cells).map { "\($0.0) = \(builder.bind($0.1))" }
        builder.append("UPDATE \(name) SET \(changes.joined(separator: ", "))")
        builder.append(" WHERE \(Self.isRow(row, &builder)) AND \(Self.isOwn(process, &builder))")
        return builder.statement
    }

    /// Gives a row to another owner, provided that the lease is still the very one that was read: changes no row when its
    /// owner has renewed it, or lost it to somebody else.
    func takeOver(
        _ row: Cells, from old: ProcessLease, to new: ProcessLease, setting cells: Cells = []
    ) -> Statement {
        var builder = StatementBuilder()
        let changes = (Array(zip(Self.columns, new.values)) + cells).map { "\($0.0) = \(builder.bind($0.1))" }
        builder.append("UPDATE \(name) SET \(changes.joined(separator: ", "))")
        builder.append(" WHERE \(isUnchanged(row, old, &builder))")
        return builder.statement
    }

    /// Removes a row if it is still its owner's, renewed or not.
    ///
    /// - Parameter condition: what else must hold for the row.
    func forget(
        _ row: Cells, _ lease: ProcessLease, where condition: String? = nil, required: DatabaseError? = nil
    ) -> Statement {
        var builder = StatementBuilder()
        builder.append("DELETE FROM \(name) WHERE \(Self.isRow(row, &builder))")
        builder.append(" AND \(Self.isOwn(lease.process, &builder))")
        if let condition { builder.append(" AND \(condition)") }
        var statement = builder.statement
        statement.required = required
        return statement
    }

    /// Removes the row of a process that is dead, unless it has been renewed: then it was not.
    func forgetDead(_ row: Cells, _ lease: ProcessLease) -> Statement {
        var builder = StatementBuilder()
        builder.append("DELETE FROM \(name) WHERE \(isUnchanged(row, lease, &builder))")
        return builder.statement
    }

    // MARK: Parts

    /// A condition: a row belongs to a process.
    static func isOwn(_ process: ProcessIdentity, _ builder: inout StatementBuilder) -> String {
        """
        host = \(builder.bind(.text(process.host))) AND pid = \(builder.bind(.integer(Int64(process.pid)))) \
        AND start_time = \(builder.bind(.integer(process.startTime)))
        """
    }

    private func isUnchanged(_ row: Cells, _ lease: ProcessLease, _ builder: inout StatementBuilder) -> String {
        """
        \(Self.isRow(row, &builder)) AND \(Self.isOwn(lease.process, &builder)) \
        AND renewed_at = \(builder.bind(.time(lease.renewedAt)))
        """
    }

    private static func isRow(_ row: Cells, _ builder: inout StatementBuilder) -> String {
        row.map { "\($0.column) = \(builder.bind($0.value))" }.joined(separator: " AND ")
    }

    private func insertion(_ row: Cells, _ lease: ProcessLease) -> (SQLInsertion, [SQLValue]) {
        let values = row.map(\.value) + lease.values
        let places = (1...values.count).map { "$\($0)" }.joined(separator: ", ")
        return (SQLInsertion(into: name, row.map(\.column) + Self.columns, "VALUES (\(places))", key: []), values)
    }
}
