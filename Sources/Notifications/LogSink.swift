import Logging

/// The driver `log`: each notification is a line of the log, under the name that oslo.messaging gives it.
struct LogSink: NotificationSink {
    /// Makes the logger of a name.
    var logger: @Sendable (_ label: String) -> Logger = { Logger(label: $0) }

    func take(_ notification: Notification) {
        let logger = logger("oslo.messaging.notification." + notification.type)
        switch notification.priority {
        case .info: logger.info("\(notification.message())")
        case .error: logger.error("\(notification.message())")
        }
    }

    func shutdown() async {}
}
