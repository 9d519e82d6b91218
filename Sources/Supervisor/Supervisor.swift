import CLinux
import Events
import Glibc
import Logging
import Scoreboard
import Systemd

/// The parent of all processes of the service. It serves nothing itself: it opens the socket, starts the workers,
/// watches, replaces and ends them, and does what signals say.
///
/// | signal | effect |
/// |---|---|
/// | TERM | running requests may finish within `graceful_shutdown_timeout`; a second TERM, INT or QUIT ends at once |
/// | INT, QUIT | ends at once |
/// | HUP | new children with the new configuration; the old ones finish their requests, however long that takes |
/// | USR2 | as HUP, but first the process turns into the program that now stands in this one's place on disk |
/// | TTIN, TTOU | one worker more, one worker less, until the next HUP or USR2 |
///
/// `docs/signals.md` is the contract. One thread, one loop (``run()``). Nothing that a child does to itself can reach the
/// parent.
public struct Supervisor {
    let load: () throws -> LoadedConfiguration
    let environment: [String: String]
    let program: ProgramFile
    let scoreboard: Scoreboard
    let signals: SignalQueue
    let wake: Int32
    let launcher: ChildLauncher
    let notifier: ServiceNotifier?
    let watchdogInterval: Int64?
    /// Whether the socket is a socket unit's, so that `bind_host` and `bind_port` don't matter.
    let isInherited: Bool

    var logger = Self.newLogger
    var current: Generation
    /// Takes over when it is ready.
    var upcoming: Generation?
    /// Children that were told to end.
    var retired: [Child] = []
    /// A try whether the program on disk can run, before we turn into it.
    var probe: Probe?
    /// When the listening socket is closed though a worker still holds it, once the service stops.
    var refusal: Int64?
    /// What ``run()`` returns once there is no child left.
    var ending: Int32?
    /// Why the start failed, in one line, if it did.
    public internal(set) var failure: String?
    /// Why the last reload or upgrade did not come about.
    var reloadFailure: String?
    /// How many checks in a row have found a child's heartbeat too old.
    var silent: [pid_t: Int] = [:]
    var nextCheck: Int64 = 0
    var nextWatchdog: Int64 = 0
    var nextExtension: Int64 = 0
    var status = ""
    /// Whether all children are still another program's, whose process this was.
    var isHandedOver: Bool

    /// How long an address that is in use is tried.
    private static let bindWait: Duration = .seconds(30)
    static let checkInterval: Int64 = 1_000_000_000
    /// The name of our listening socket among the descriptors that the service manager keeps.
    static let storedName = "glance-api-listener"

    /// Opens the sockets, which takes up to 30 s while the address is in use.
    ///
    /// - Parameters:
    ///   - program: name for titles of processes.
    ///   - childArguments: what children get behind `--role R --slot N`.
    ///   - environment: of this process; `NOTIFY_SOCKET`, `LISTEN_FDS` and `WATCHDOG_USEC` are obeyed.
    ///   - load: sets up logging and reads the configuration, now and at each HUP.
    /// - Throws: what `load` throws, or ``SupervisorError``.
    public init(
        program: String, childArguments: [String], environment: [String: String],
        load: @escaping () throws -> LoadedConfiguration
    ) throws {
        self.load = load
        self.environment = environment
        self.program = ProgramFile(name: CommandLine.arguments.first ?? program, searchPath: environment["PATH"])
        notifier = ServiceNotifier(environment: environment)
        watchdogInterval = Watchdog.interval(environment: environment).map { $0.nanoseconds / 2 }
        // First of all, so that every thread has the signals blocked.
        signals = try SignalQueue()
        let handover = Handover(environment: environment)
        isHandedOver = handover != nil
        if let handover {
            wake = handover.wake
            let isReadable = handover.layout == Scoreboard.layout
            scoreboard = isReadable ? try Scoreboard(descriptor: handover.scoreboard) : try Scoreboard()
            if !isReadable { close(handover.scoreboard) }
            isInherited = handover.isInherited
            (current, retired) = handover.children(areWatched: isReadable)
            for descriptor in handover.descriptors where descriptor != handover.scoreboard {
                Descriptor.passOn(descriptor, false)
            }
            // Nobody here knows what they do; they finish it, and are not started again.
            for stranger in handover.strangers { kill(stranger, SIGHUP) }
        } else {
            let loaded = try load()
            let settings = loaded.settings
            logger = Self.newLogger
            wake = try Descriptor.moveUp(eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)))
            scoreboard = try Scoreboard()
            let socket: Int32
            (socket, isInherited) = try Self.firstSocket(settings, environment, signals, notifier, logger)
            current = Generation(
                settings: settings, socket: socket,
                configuration: try SealedConfiguration.make(loaded.childConfiguration))
        }
        launcher = ChildLauncher(
            program: program, arguments: childArguments, environment: environment,
            scoreboard: try Descriptor.moveUp(dup(scoreboard.descriptor)), wake: wake)
    }

    /// Supervises until the service has ended; returns the exit status.
    public mutating func run() -> Int32 {
        if isHandedOver {
            reload()
        } else {
            store()
            current.places = places(for: current.settings)
        }
        while true {
            reap()
            while let signal = signals.next() { obey(signal) }
            checkHeartbeats()
            keepCount()
            takeOver()
            refuseConnections()
            report()
            if let ending, children.isEmpty { return ending }
            sleep()
        }
    }

    var children: [Child] { current.children + (upcoming?.children ?? []) + retired }

    // MARK: The steps of the loop

    private mutating func reap() {
        var status: Int32 = 0
        while case let process = waitpid(-1, &status, WNOHANG), process > 0 {
            ended(process, ProcessStatus(status))
        }
    }

    private mutating func obey(_ signal: Int32) {
        switch signal {
        case SIGTERM where ending == nil: stop(status: 0)
        case SIGTERM, SIGINT, SIGQUIT: stopAtOnce(status: ending ?? 0)
        case SIGHUP where ending == nil: reload()
        case SIGUSR2 where ending == nil: upgrade()
        case SIGTTIN where ending == nil: addWorker()
        case SIGTTOU where ending == nil: removeWorker()
        default: break
        }
    }

    /// Waits for a signal, a word from a child, or the next thing to do.
    private func sleep() {
        let now = ScoreboardSlot.now
        var due = [nextCheck] + retired.compactMap(\.deadline) + [refusal].compactMap { $0 }
        if ending == nil {
            for place in current.places + (upcoming?.places ?? []) where place.child == nil {
                due.append(place.policy.notBefore)
            }
        } else if notifier != nil {
            due.append(nextExtension)
        }
        let pause = max(0, (due.min() ?? now) - now)
        var events = [
            pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&events, nfds_t(events.count), Int32(clamping: (pause + 999_999) / 1_000_000))
        var count: UInt64 = 0
        _ = read(wake, &count, MemoryLayout<UInt64>.size)
    }

    // MARK: The socket

    /// Takes a socket unit's socket, or the one that the service manager has kept for us if it is bound to the configured
    /// address, or opens one. Says whether it is a socket unit's.
    private static func firstSocket(
        _ settings: SupervisorSettings, _ environment: [String: String], _ signals: SignalQueue,
        _ notifier: ServiceNotifier?, _ logger: Logger
    ) throws -> (Int32, Bool) {
        let inherited = ListenSocket.inherited(environment: environment)
        let (kept, units) = (inherited.filter { $0.name == storedName }, inherited.filter { $0.name != storedName })
        for unused in units.dropFirst() {
            logger.warning("Socket \(unused.name) is not used: one is enough")
            close(unused.descriptor)
        }
        let address = settings.address
        let usable = units.isEmpty ? kept.first { address.isAddress(of: $0.descriptor) } : units[0]
        for other in kept where other != usable { close(other.descriptor) }
        if !kept.isEmpty && usable?.name != storedName { notifier?.send(.removeDescriptor(name: storedName)) }
        if let usable {
            listen(usable.descriptor, Int32(clamping: settings.backlog))
            return (try Descriptor.moveUp(usable.descriptor), !units.isEmpty)
        }
        guard let socket = try address.open(within: bindWait, wait: { signals.isEnded(within: $0) }) else {
            // Told to end before anything was begun.
            exit(0)
        }
        return (socket, false)
    }

    /// Has the service manager keep our socket, so that a restart refuses no connection.
    func store() {
        guard !isInherited, keepsDescriptors else { return }
        notifier?.send(.storeDescriptor(name: Self.storedName), descriptor: current.socket)
    }

    /// Whether the service manager keeps descriptors between two starts. One that keeps none says so (`FDSTORE`), if it is
    /// new enough (systemd 254).
    var keepsDescriptors: Bool { notifier != nil && environment["FDSTORE"] != "0" }

    /// A logger made before `load` has set logging up does not know of it.
    static var newLogger: Logger { Logger(label: "glance.common.wsgi") }
}

extension SupervisorSettings {
    var address: ListeningSocket { ListeningSocket(host: bindHost, port: bindPort, backlog: backlog) }
}

extension Duration {
    /// Clamped to what 64 bits can hold, about 292 years.
    var nanoseconds: Int64 {
        let (seconds, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max / 2 : seconds + components.attoseconds / 1_000_000_000
    }
}
