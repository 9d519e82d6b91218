public import Logging

/// Something that operators can search the journal for: it has an id that never changes (`MESSAGE_ID`, sd_journal_print(3))
/// and an entry in the message catalog, which `journalctl -x` shows.
public struct Event: Sendable, Hashable {
    /// 128 bits, in lower-case hexadecimal digits.
    public let id: String
    /// Name in this project's documentation, such as `image-active`.
    public let name: String
    /// What has happened, in one line. `@FIELD@` stands for a field of the journal's entry.
    public let subject: String
    /// What that means and what an operator can do, for the message catalog; paragraphs are apart by an empty line.
    public let explanation: String

    public init(id: String, name: String, subject: String, explanation: String) {
        self.id = id
        self.name = name
        self.subject = subject
        self.explanation = explanation
    }

    /// An event whose explanation isn't written yet.
    public init(id: String, name: String) {
        self.init(id: id, name: name, subject: name, explanation: "")
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
        error: @autoclosure () -> (any Error)? = nil, metadata: @autoclosure () -> Logger.Metadata = [:],
        file: String = #fileID, function: String = #function, line: UInt = #line
    ) {
        guard logLevel <= level else { return }
        var all = metadata()
        all[Event.metadataKey] = .string(event.id)
        log(level: level, message(), error: error(), metadata: all, file: file, function: function, line: line)
    }
}
