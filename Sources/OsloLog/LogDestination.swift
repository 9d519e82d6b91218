import Logging

/// Where finished lines go. Called from any thread, event loops among them, so it must not wait.
protocol LogDestination: Sendable {
    /// Takes one line without its line end.
    func write(_ line: String, level: Logger.Level)
    /// Opens anew what can be opened.
    func reopen()
}
