public import JSON
public import TextCoding

/// One notification as oslo.messaging describes it, with an empty context.
public struct Notification: Sendable, Equatable {
    /// How the message is wrapped.
    public enum Format: String, Sendable {
        /// The bare message, as driver `messaging` sends it.
        case messaging
        /// The message as a text inside an envelope that has a version, as driver `messagingv2` sends it.
        case messagingv2
    }

    public var id: String
    public var publisher: String
    /// `image.create`, for instance.
    public var type: String
    public var priority: NotificationPriority
    public var payload: JSONValue
    public var time: Timestamp

    public init(
        id: String = UUIDText.random(), publisher: String, type: String, priority: NotificationPriority,
        payload: JSONValue, time: Timestamp = .now
    ) {
        self.id = id
        self.publisher = publisher
        self.type = type
        self.priority = priority
        self.payload = payload
        self.time = time
    }

    /// The body of the AMQP message.
    ///
    /// - Parameter uniqueID: 32 hexadecimal digits, by which a listener notices that a message came twice; one that is sent
    ///   again keeps it.
    func body(_ format: Format, uniqueID: String) -> String {
        let message = message(uniqueID: uniqueID)
        return switch format {
        case .messaging: message
        case .messagingv2:
            JSONWriter.text(of: .object(["oslo.version": "2.0", "oslo.message": .string(message)]))
        }
    }

    /// The message without an envelope.
    func message(uniqueID: String? = nil) -> String {
        var members: [String: JSONValue] = [
            "message_id": .string(id), "publisher_id": .string(publisher), "event_type": .string(type),
            "priority": .string(priority.rawValue), "payload": payload, "timestamp": .string(time.databaseText),
        ]
        if let uniqueID { members["_unique_id"] = .string(uniqueID) }
        return JSONWriter.text(of: .object(members))
    }
}
