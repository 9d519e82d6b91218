import Glibc
public import OsloConfig
public import Scoreboard

/// What the supervisor does with `bind_host`, `bind_port`, `backlog`, `workers` and `graceful_shutdown_timeout` of
/// `[DEFAULT]`.
public struct SupervisorSettings: Sendable, Equatable {
    public var bindHost = "0.0.0.0"
    /// 0 is any free port.
    public var bindPort = 9292
    public var backlog = 4096
    /// Worker processes, at least 1.
    public var workers = 1
    /// Roles of the children next to the workers, one of each.
    public var services: [ProcessRole] = []
    /// How long requests may go on when the service stops; `nil` is without end.
    public var drainTimeout: Duration? = .seconds(60)
    /// A worker without a sign of life for so long is killed.
    public var heartbeatLimit: Duration = .seconds(30)
    /// A child that needs longer than this to become ready is killed.
    public var startLimit: Duration = .seconds(120)

    public init() {}

    /// The settings of a configuration: `workers` is the number of processors, at most 8, if it is not set; 0 means one,
    /// because even a single worker is supervised.
    public init(_ configuration: Configuration) {
        bindHost = configuration[Options.Default.bindHost]
        bindPort = configuration[Options.Default.bindPort]
        backlog = configuration[Options.Default.backlog]
        let processors = min(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 8)
        workers = min(max(configuration[Options.Default.workers] ?? processors, 1), Self.mostWorkers)
        if configuration[Options.Default.runScrubber] { services.append(.scrubber) }
        if configuration[Options.Default.useKeystoneLimits] { services.append(.limits) }
        if configuration[Options.Default.runImporter] { services.append(.importer) }
        if configuration[Options.Default.imageCacheDir]?.isEmpty == false { services.append(.cache) }
        let timeout = configuration[Options.Default.gracefulShutdownTimeout]
        drainTimeout = timeout > 0 ? .seconds(timeout) : nil
    }

    /// More than this has no place on the scoreboard next to an old generation.
    static let mostWorkers = 256
}
