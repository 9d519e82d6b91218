public import Notifications
import Synchronization

/// Somebody who listens to what services tell others.
public final class NotificationRecorder: Sendable {
    private let heard = Mutex<[Notifications.Notification]>([])

    public init() {}

    public var notifier: Notifier { Notifier { notification in self.heard.withLock { $0.append(notification) } } }

    public var notifications: [Notifications.Notification] { heard.withLock { $0 } }

    /// Their types, in order.
    public var types: [String] { notifications.map(\.type) }

    /// Those of a type.
    public func ofType(_ type: String) -> [Notifications.Notification] { notifications.filter { $0.type == type } }
}
