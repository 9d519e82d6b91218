import Glibc
import Synchronization

/// Times of day as text. Lines come many to the second, so the text of the last second is kept.
struct LogClock: ~Copyable, Sendable {
    private let format: String
    private let last = Mutex<(second: Int, text: String)>((.min, ""))

    /// - Parameter format: as for strftime(3).
    init(format: String) { self.format = format }

    static func now() -> timespec {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time
    }

    /// Local date and time in the configured format.
    func text(_ second: Int) -> String {
        last.withLock { last in
            if last.second != second { last = (second, Self.format(second, format)) }
            return last.text
        }
    }

    /// Local date and time with microseconds and offset as in ISO 8601.
    func iso(_ time: timespec) -> String {
        let offset = Self.format(time.tv_sec, "%z")
        return Self.format(time.tv_sec, "%Y-%m-%dT%H:%M:%S") + "." + LogRecord.padded(time.tv_nsec / 1000, 6)
            + offset.prefix(3) + ":" + offset.dropFirst(3)
    }

    static func format(_ second: Int, _ format: String) -> String {
        var time = time_t(second)
        var parts = tm()
        localtime_r(&time, &parts)
        let text = [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
            count = buffer.withMemoryRebound(to: CChar.self) { strftime($0.baseAddress, $0.count, format, &parts) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
