/// A notification as it waits for the broker: written out, so that its size is known.
struct QueuedMessage: Sendable, Equatable {
    var priority: NotificationPriority
    /// One for each format.
    var bodies: [String]

    init(_ notification: Notification, formats: [Notification.Format], uniqueID: String) {
        priority = notification.priority
        bodies = formats.map { notification.body($0, uniqueID: uniqueID) }
    }

    /// Bytes.
    var size: Int { bodies.reduce(0) { $0 + $1.utf8.count } }
}
