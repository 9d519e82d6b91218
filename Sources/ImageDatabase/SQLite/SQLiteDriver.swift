import Synchronization

/// SQLite, for a service of one machine: one thread that writes and a few that read, each with its own connection.
final class SQLiteDriver: SQLDriver {
    let dialect: any SQLDialect = SQLiteDialect()
    private let writer: SQLiteQueue
    private let readers: SQLiteQueue

    /// - Parameter readers: threads that read; with none of them everything is to be run as a write.
    init(path: String, options: DatabaseOptions, readers: Int = 3) throws(DatabaseError) {
        writer = try SQLiteQueue(path: path, isWriter: true, threads: 1, options: options)
        self.readers = try SQLiteQueue(path: path, isWriter: false, threads: readers, options: options)
    }

    deinit {
        readers.close(nil)
        writer.close(nil)
    }

    func attempt(_ statements: [Statement], _ access: SQLAccess) async -> Result<[Rows], StatementFailure> {
        let queue = access == .write ? writer : readers
        return await withCheckedContinuation { queue.add(SQLiteQueue.Job(statements, access, $0)) }
    }

    func close() async {
        await withCheckedContinuation { readers.close($0) }
        await withCheckedContinuation { writer.close($0) }
    }
}
