import Glibc

/// How often the service manager wants a sign of life (sd_watchdog_enabled(3)).
public enum Watchdog {
    /// The unit's `WatchdogSec=`; `nil` if there is none, or it watches another process. Send
    /// ``ServiceNotifier/Message/watchdog`` twice as often.
    public static func interval(environment: [String: String]) -> Duration? {
        guard let time = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), time > 0 else { return nil }
        guard let process = environment["WATCHDOG_PID"] else { return .microseconds(time) }
        return process == "\(getpid())" ? .microseconds(time) : nil
    }
}
