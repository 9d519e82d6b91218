import Threads

/// The threads of the database drivers.
enum SystemThread {
    /// Starts a thread. Its name has at most 15 bytes.
    ///
    /// - Throws: ``DatabaseError/unavailable(_:)`` when the system has no thread left.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(DatabaseError) {
        do throws(ThreadError) {
            try DetachedThread.start(name, body)
        } catch {
            throw .unavailable("no thread for the database: \(error)")
        }
    }
}
