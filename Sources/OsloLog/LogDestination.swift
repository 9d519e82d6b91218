/// Where log records go. Called from any thread, event loops among them, so it must not wait.
protocol LogDestination: Sendable {
    /// Takes one record.
    ///
    /// - Parameter line: the record in the configured format, without a line end; made once for all destinations that want it.
    func write(_ record: LogRecord, line: () -> String)
    /// Writes the records that were kept back because they are gathered. Others never come before those that came first.
    func writeGathered()
    /// Opens anew what can be opened.
    func reopen()
}

extension LogDestination {
    /// Most destinations take one record at a time.
    func writeGathered() {}
}
