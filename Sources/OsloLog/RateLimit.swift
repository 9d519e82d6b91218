import Logging
import OsloConfig
import Synchronization

/// At most `rate_limit_burst` lines in `rate_limit_interval` seconds, but for lines of a certain level and above.
final class RateLimit: Sendable {
    enum Verdict {
        case write
        /// The first line that is too much: one line says so in its place.
        case announce
        case drop
    }

    private let interval: Int
    private let burst: Int
    private let exempt: Logger.Level?
    private let window = Mutex<(start: Int, count: Int)>((.min, 0))

    /// nil unless both options are positive.
    init?(configuration: Configuration) {
        interval = configuration[Options.Default.rateLimitInterval]
        burst = configuration[Options.Default.rateLimitBurst]
        exempt = Logger.Level(oslo: configuration[Options.Default.rateLimitExceptLevel])
        if interval < 1 || burst < 1 { return nil }
    }

    var announcement: String { "more than \(burst) lines in \(interval) seconds: further lines are dropped" }

    /// - Parameter second: the time of the line.
    func judge(_ level: Logger.Level, at second: Int) -> Verdict {
        if let exempt, level >= exempt { return .write }
        return window.withLock { window in
            if second < window.start || second - max(window.start, 0) >= interval { window = (second, 0) }
            window.count += 1
            return window.count <= burst ? .write : window.count == burst + 1 ? .announce : .drop
        }
    }
}
