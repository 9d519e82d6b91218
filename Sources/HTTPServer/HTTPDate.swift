import Glibc
import Synchronization
import TextCoding

/// The value of the `Date` field (RFC 9110 section 5.6.7), formatted once a second.
final class HTTPDate: Sendable {
    private let cached = Mutex<(second: time_t, text: String)>((0, ""))

    /// The current time, for instance `Sun, 06 Nov 1994 08:49:37 GMT`.
    var now: String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        let second = time.tv_sec
        return cached.withLock { cached in
            if cached.second != second {
                cached = (second, Timestamp(microseconds: Int64(second) * 1_000_000).httpDate)
            }
            return cached.text
        }
    }
}
