import OsloConfig

/// What `[DEFAULT]` says about the scrubber. Times are in seconds.
struct ScrubberSettings: Sendable {
    /// `scrub_time`: for how long the data of a deleted image stay.
    var keepingTime: Int64
    /// `scrub_pool_size`: images at the same time.
    var poolSize: Int
    /// `wakeup_time`, at least a second.
    var wakeupTime: Duration
    /// `stuck_image_timeout`; nil leaves stuck images alone.
    var stuckTimeout: Int64?

    init(_ configuration: Configuration) {
        typealias Default = Options.Default
        keepingTime = Int64(configuration[Default.scrubTime])
        poolSize = configuration[Default.scrubPoolSize]
        wakeupTime = .seconds(max(1, configuration[Default.wakeupTime]))
        let timeout = configuration[Default.stuckImageTimeout]
        stuckTimeout = timeout > 0 ? Int64(timeout) : nil
    }
}
