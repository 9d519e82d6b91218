public import Events
public import Logging
import Synchronization

/// A journal that tests can read.
public final class EventRecorder: Sendable {
    public struct Entry: Sendable {
        public let level: Logger.Level
        public let message: String
        public let metadata: [String: String]

        public func isOccurrence(of event: Event) -> Bool { metadata[Event.metadataKey] == event.id }
    }

    private let recorded = Mutex<[Entry]>([])
    private let continuation: AsyncStream<Entry>.Continuation
    /// Entries as they come; read by one task.
    public let stream: AsyncStream<Entry>

    public init() { (stream, continuation) = AsyncStream.makeStream(of: Entry.self) }

    public var entries: [Entry] { recorded.withLock { $0 } }

    public func occurrences(of event: Event) -> [Entry] { entries.filter { $0.isOccurrence(of: event) } }

    public var logger: Logger { Logger(label: "test") { _ in Handler(recorder: self) } }

    private func record(_ entry: Entry) {
        recorded.withLock { $0.append(entry) }
        continuation.yield(entry)
    }

    private struct Handler: LogHandler {
        let recorder: EventRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
            recorder.record(
                Entry(level: event.level, message: "\(event.message)", metadata: all.mapValues { "\($0)" }))
        }
    }
}
