public import OsloConfig

/// The options that notifications go by, read once.
public struct NotificationSettings: Sendable {
    let publisher: String
    let disabled: DisabledNotifications
    /// Driver `log`.
    let logs: Bool
    /// Nil without a driver that sends messages.
    let broker: BrokerSettings?
    /// What is configured and has no effect, in words.
    public let warnings: [String]

    /// - Throws: ``NotificationSettingsError`` for what would never work; not for an address of which no driver makes use.
    public init(_ configuration: Configuration) throws(NotificationSettingsError) {
        typealias Options = OsloConfig.Options.OsloMessagingNotifications
        let drivers = configuration[Options.driver].flatMap { $0.split(separator: ",") }
            .map { String($0).trimmingBlanks() }
        publisher = configuration[OsloConfig.Options.Default.defaultPublisherId]
        disabled = DisabledNotifications(configuration[OsloConfig.Options.Default.disabledNotifications])
        logs = drivers.contains("log")
        let formats = [Notification.Format.messagingv2, .messaging].filter { drivers.contains($0.rawValue) }
        broker = formats.isEmpty ? nil : try BrokerSettings(configuration, formats: formats)
        let known: Set = ["noop", "log", "messaging", "messagingv2"]
        warnings = drivers.filter { !known.contains($0) && !$0.isEmpty }.map {
            "[oslo_messaging_notifications] driver = \($0) is not supported and sends nothing"
        }
    }
}

extension String {
    fileprivate func trimmingBlanks() -> String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
