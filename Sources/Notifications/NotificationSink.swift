/// Where notifications go. Taking one neither waits nor fails.
protocol NotificationSink: Sendable {
    func take(_ notification: Notification)

    /// Hands on what waits, for a few seconds at most.
    func shutdown() async
}
