public import Logging

/// Something that operators can search the journal for: it has an id that never changes (`MESSAGE_ID`, sd_journal_print(3))
/// and an entry in the message catalog.
public struct Event: Sendable, Hashable {
    /// 128 bits, in lower-case hexadecimal digits.
    public let id: String
    /// Name in this project's documentation, such as `image-active`.
    public let name: String

    public init(id: String, name: String) {
        self.id = id
        self.name = name
    }
}

extension Event {
    /// Metadata key that carries an event's ``id``; the journal gets it as `MESSAGE_ID`, other destinations leave it out.
    public static let metadataKey = "message_id"
}

extension Logger {
    /// Logs `message` as an occurrence of `event`.
    public func log(
        _ event: Event, level: Logger.Level = .info, _ message: @autoclosure () -> Logger.Message,
        metadata: @autoclosure () -> Logger.Metadata = [:], file: String = #fileID, function: String = #function,
        line: UInt = #line
    ) {
        log(
            level: level, message(),
            metadata: metadata().merging([Event.metadataKey: .string(event.id)]) { own, _ in own }, file: file,
            function: function, line: line)
    }
}
