public import JSON
public import Logging

/// What services tell other services with: it fills envelopes, and hands them to the drivers that are configured.
///
/// Telling something never waits and never fails, whatever state the broker is in.
public struct Notifier: Sendable {
    private let publisher: String
    private let disabled: DisabledNotifications
    private let sinks: [any NotificationSink]

    /// Tells nobody.
    public static let none = Notifier(publisher: "", sinks: [])

    init(publisher: String, disabled: DisabledNotifications = DisabledNotifications([]), sinks: [any NotificationSink])
    {
        self.publisher = publisher
        self.disabled = disabled
        self.sinks = sinks
    }

    /// Starts nothing yet: a broker is contacted when there is something to tell.
    ///
    /// - Parameter process: what this process is called in the broker's list of connections.
    public init(_ settings: NotificationSettings, process: String, logger: Logger) {
        for warning in settings.warnings { logger.warning("\(warning)") }
        var sinks: [any NotificationSink] = []
        if settings.logs { sinks.append(LogSink()) }
        if let broker = settings.broker {
            sinks.append(BrokerSink(broker, process: process, logger: logger))
        }
        self.init(publisher: settings.publisher, disabled: settings.disabled, sinks: sinks)
    }

    /// Tells a function, in the same process.
    package init(disabled: [String] = [], _ hear: @escaping @Sendable (Notification) -> Void) {
        self.init(
            publisher: "image.localhost", disabled: DisabledNotifications(disabled), sinks: [FunctionSink(hear: hear)])
    }

    private struct FunctionSink: NotificationSink {
        let hear: @Sendable (Notification) -> Void

        func take(_ notification: Notification) { hear(notification) }
        func shutdown() async {}
    }

    /// Whether anybody hears of this type; worth asking before a payload is put together at some cost.
    public func tells(_ type: String) -> Bool { !sinks.isEmpty && !disabled.contains(type) }

    /// Tells that something has happened.
    ///
    /// - Parameters:
    ///   - type: `image.create`, for instance.
    ///   - payload: not evaluated when nobody hears of it.
    public func tell(
        _ type: String, priority: NotificationPriority = .info, _ payload: @autoclosure () -> JSONValue
    ) {
        guard tells(type) else { return }
        let notification = Notification(
            publisher: publisher, type: type, priority: priority, payload: payload())
        for sink in sinks { sink.take(notification) }
    }

    /// Hands on what waits, for a few seconds at most. To be called at the end of the process.
    public func shutdown() async {
        for sink in sinks { await sink.shutdown() }
    }
}
