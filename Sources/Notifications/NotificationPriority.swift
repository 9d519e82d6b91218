/// How urgent a notification is. The name in lower case is the last part of its routing key.
public enum NotificationPriority: String, Sendable {
    case info = "INFO"
    case error = "ERROR"

    /// The routing key of a topic, which is also the name of its queue.
    public func routingKey(topic: String) -> String { topic + "." + rawValue.lowercased() }
}
