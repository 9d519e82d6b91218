import Events
import Logging
import Synchronization

/// What all loggers of a process share. Settings can be exchanged while loggers are in use.
final class LogSystem: Sendable {
    /// The current level of all loggers with one label, to be read at every log statement.
    final class Level: Sendable {
        private let number: Atomic<Int>

        init(_ level: Logger.Level) { number = Atomic(level.osloNumber) }

        var value: Logger.Level {
            switch number.load(ordering: .relaxed) {
            case ..<10: .trace
            case ..<20: .debug
            case ..<21: .info
            case ..<30: .notice
            case ..<40: .warning
            case ..<50: .error
            default: .critical
            }
        }

        func set(_ level: Logger.Level) { number.store(level.osloNumber, ordering: .relaxed) }
    }

    private struct State {
        var settings: LogSettings
        var levels: [String: Level] = [:]
    }

    private let state: Mutex<State>
    /// Whether destinations may keep lines back.
    private let hasGathered = Atomic(false)

    init(_ settings: LogSettings) { state = Mutex(State(settings: settings)) }

    /// The level of a label, the same object at every call.
    func level(of label: String) -> Level {
        state.withLock { state in
            if let level = state.levels[label] { return level }
            let level = Level(state.settings.levels.level(of: label))
            state.levels[label] = level
            return level
        }
    }

    /// Uses other settings from now on, for the loggers that exist too.
    func apply(_ settings: LogSettings) {
        let old = state.withLock { state in
            defer { state.settings = settings }
            for (label, level) in state.levels { level.set(settings.levels.level(of: label)) }
            return state.settings
        }
        for destination in old.destinations { destination.writeGathered() }
    }

    func reopen() {
        for destination in state.withLock({ $0.settings }).destinations { destination.reopen() }
    }

    /// Writes what loggers of lines that are gathered have left; costs nothing when that is nothing.
    func writeGathered() {
        guard hasGathered.load(ordering: .relaxed), hasGathered.exchange(false, ordering: .acquiring) else { return }
        for destination in state.withLock({ $0.settings }).destinations { destination.writeGathered() }
    }

    /// - Parameters:
    ///   - metadata: of the logger; the event's own comes first.
    ///   - isGathered: whether the line may wait for ``writeGathered()``.
    func write(_ event: LogEvent, label: String, metadata: Logger.Metadata, isGathered: Bool = false) {
        let settings = state.withLock { $0.settings }
        let time = LogClock.now()
        var text = event.message.description
        switch settings.rateLimit?.judge(event.level, at: time.tv_sec) {
        case .drop: return
        case .announce: text = settings.rateLimit?.announcement ?? text
        case .write, nil: break
        }
        let redact = settings.redaction
        var eventID: String?
        var context: [String: String] = [:]
        var extra: [(key: String, value: String)] = []
        func take(_ key: String, _ value: Logger.MetadataValue) {
            let value = value.description
            if key == Event.metadataKey {
                eventID = value
            } else if LogContext.keys.contains(key) {
                if !value.isEmpty { context[key] = redact(value.withoutControls) }
            } else {
                extra.append((key, value.withoutControls))
            }
        }
        let own = event.metadata ?? [:]
        extra.reserveCapacity(own.count + metadata.count)
        for (key, value) in own { take(key, value) }
        for (key, value) in metadata where own[key] == nil { take(key, value) }
        extra.sort { $0.key < $1.key }
        var message = Self.message(text, extra)
        // One look at all of it: what is harmless as a whole is so in its parts.
        if !redact.isHarmless(message) {
            extra = extra.map { ($0.key, redact($0.value)) }
            message = Self.message(redact(text), extra)
        }
        let record = LogRecord(
            logger: label, level: event.level, time: time, message: message, eventID: eventID,
            error: event.error.map { redact("\($0)".withoutControls) }, context: context, extra: extra,
            file: event.file, function: event.function, line: event.line, isGathered: isGathered)
        var line: String?
        for destination in settings.destinations {
            destination.write(record) {
                if let line { return line }
                let made = settings.formatter.line(record)
                line = made
                return made
            }
        }
        if isGathered { hasGathered.store(true, ordering: .releasing) }
    }

    private static func message(_ text: String, _ extra: [(key: String, value: String)]) -> String {
        var message = text
        for (key, value) in extra {
            message += " "
            message += key
            message += "="
            message += value
        }
        return message
    }
}

extension String {
    /// With escapes for control characters. Values come from clients: they must not be able to begin a line of their own.
    var withoutControls: String {
        let isClean = utf8.withContiguousStorageIfAvailable { bytes in bytes.allSatisfy { $0 >= 0x20 } }
        if isClean == true { return self }
        return unicodeScalars.reduce(into: "") { result, scalar in
            result += scalar.value < 0x20 ? scalar.escaped(asASCII: false) : String(scalar)
        }
    }
}
