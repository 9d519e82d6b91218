import CLinux
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
/// | HUP | new workers with the new configuration; the old ones finish their requests, however long that takes |
/// | TTIN, TTOU | one worker more, one worker less |
///
/// One thread, one loop (``run()``). Nothing that a child does to itself can reach the parent.
public struct Supervisor {
    private let logger: Logger
    private let load: () throws -> SupervisorSettings
    private let scoreboard: Scoreboard
    private let signals: SignalQueue
    private let wake: Int32
    private let launcher: ChildLauncher
    private let notifier: ServiceNotifier?
    private let watchdogInterval: Int64?
    /// Whether the socket is the service manager's, so that `bind_host` and `bind_port` don't matter.
    private let isInherited: Bool

    private var current: Generation
    /// Takes over when it is ready.
    private var upcoming: Generation?
    /// Children that were told to end.
    private var retired: [Child] = []
    /// What ``run()`` returns once there is no child left.
    private var ending: Int32?
    /// How many checks in a row have found a child's heartbeat too old.
    private var silent: [pid_t: Int] = [:]
    private var nextCheck: Int64 = 0
    private var nextWatchdog: Int64 = 0
    private var status = ""

    /// How long an address that is in use is tried.
    private static let bindPatience: Duration = .seconds(30)
    /// What a worker needs after it has cut its requests at the timeout, to clean up behind them.
    private static let farewell: Duration = .seconds(2)
    private static let checkInterval: Int64 = 1_000_000_000
    /// Starts that crash in a row before we give up.
    private static let mostCrashes = 5

    /// Opens the sockets, which takes up to 30 s while the address is in use.
    ///
    /// - Parameters:
    ///   - program: name for titles of processes.
    ///   - childArguments: what children get behind `--role R --slot N`.
    ///   - environment: of this process; `NOTIFY_SOCKET`, `LISTEN_FDS` and `WATCHDOG_USEC` are obeyed.
    ///   - load: sets up logging and reads the settings, now and at each HUP.
    /// - Throws: what `load` throws, or ``SupervisorError``.
    public init(
        program: String, childArguments: [String], environment: [String: String],
        load: @escaping () throws -> SupervisorSettings
    ) throws {
        self.load = load
        let settings = try load()
        logger = Logger(label: "glance.common.wsgi")
        signals = try SignalQueue()
        wake = try Descriptor.moveUp(eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)))
        scoreboard = try Scoreboard()
        let inherited = ListenSocket.inherited(environment: environment)
        isInherited = !inherited.isEmpty
        let socket =
            try inherited.first.map { try Descriptor.moveUp($0.descriptor) }
            ?? Self.socket(settings, patience: Self.bindPatience)
        for unused in inherited.dropFirst() { logger.warning("Socket \(unused.name) is not used: one is enough") }
        current = Generation(settings: settings, socket: socket)
        launcher = ChildLauncher(
            program: program, arguments: childArguments, environment: environment,
            scoreboard: try Descriptor.moveUp(dup(scoreboard.descriptor)), wake: wake)
        notifier = ServiceNotifier(environment: environment)
        watchdogInterval = Watchdog.interval(environment: environment).map { $0.nanoseconds / 2 }
    }

    /// Supervises until the service has ended; returns the exit status.
    public mutating func run() -> Int32 {
        current.places = places(for: current.settings)
        while true {
            reap()
            while let signal = signals.next() { obey(signal) }
            checkHeartbeats()
            keepCount()
            takeOver()
            report()
            if let ending, children.isEmpty { return ending }
            sleep()
        }
    }

    private var children: [Child] { current.children + (upcoming?.children ?? []) + retired }

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
        case SIGTTIN where ending == nil: addWorker()
        case SIGTTOU where ending == nil: removeWorker()
        default: break
        }
    }

    /// Kills children whose time is over, and those that have stopped to give signs of life.
    private mutating func checkHeartbeats() {
        let now = ScoreboardSlot.now
        for child in retired {
            if let deadline = child.deadline, deadline <= now { kill(child.process, SIGKILL) }
        }
        guard now >= nextCheck else { return }
        // After the supervisor itself was held for a while, everything looks late.
        let isLate = nextCheck > 0 && now - nextCheck > 5 * Self.checkInterval
        nextCheck = now + Self.checkInterval
        let limit = current.settings.heartbeatLimit.nanoseconds
        var stillSilent: [pid_t: Int] = [:]
        for child in children where !isLate {
            let slot = scoreboard[child.slot]
            guard slot.state != .starting, now - slot.heartbeat > limit, !isHeld(child.process) else { continue }
            let checks = silent[child.process, default: 0] + 1
            stillSilent[child.process] = checks
            guard checks >= 3 else { continue }
            logger.error("Child \(child.process) hangs, killing it")
            kill(child.process, SIGKILL)
        }
        silent = stillSilent
    }

    /// Fills the places that are free.
    private mutating func keepCount() {
        guard ending == nil else { return }
        for index in current.places.indices where isDue(current.places[index]) {
            current.places[index] = started(current.places[index], socket: current.socket)
            if !current.wasReady && current.places[index].policy.failures >= Self.mostCrashes {
                return stopAtOnce(status: ExitStatus.workerCreationFailure.rawValue)
            }
        }
        guard var next = upcoming else { return }
        for index in next.places.indices where isDue(next.places[index]) {
            next.places[index] = started(next.places[index], socket: next.socket)
        }
        upcoming = next
    }

    /// The first time that all workers are ready, the service is.
    private mutating func takeOver() {
        guard ending == nil else { return }
        if var generation = upcoming, isReady(generation) {
            generation.wasReady = true
            let old = current
            upcoming = nil
            current = generation
            retire(old.children, SIGHUP, within: nil)
            if old.socket != current.socket { close(old.socket) }
            logger.info("Reloaded: \(current.workerCount) workers serve with the new configuration")
            notifier?.send(.ready)
        } else if !current.wasReady, isReady(current) {
            current.wasReady = true
            logger.info("Ready: \(current.workerCount) workers serve")
            notifier?.send(.ready)
        }
    }

    private mutating func report() {
        guard let notifier else { return }
        let now = ScoreboardSlot.now
        if let watchdogInterval, now >= nextWatchdog {
            notifier.send(.watchdog)
            nextWatchdog = now + watchdogInterval
        }
        let requests = children.reduce(0) { $0 + scoreboard[$1.slot].activeRequests }
        let text =
            ending == nil
            ? "\(current.workerCount) workers, \(requests) requests in progress"
            : "Stopping, \(requests) requests in progress"
        guard text != status else { return }
        status = text
        notifier.send(.status(text))
    }

    /// Waits for a signal, a word from a child, or the next thing to do.
    private func sleep() {
        let now = ScoreboardSlot.now
        var due = [nextCheck] + retired.compactMap(\.deadline)
        if ending == nil {
            for place in current.places + (upcoming?.places ?? []) where place.child == nil {
                due.append(place.policy.notBefore)
            }
        }
        if watchdogInterval != nil { due.append(nextWatchdog) }
        let pause = max(0, (due.min() ?? now) - now)
        var events = [
            pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&events, nfds_t(events.count), Int32(clamping: (pause + 999_999) / 1_000_000))
        var count: UInt64 = 0
        _ = read(wake, &count, MemoryLayout<UInt64>.size)
    }

    // MARK: Children

    /// As many free places as there are to be workers.
    private func places(for settings: SupervisorSettings) -> [Generation.Place] {
        logger.info("Starting \(settings.workers) workers")
        let roles = Array(repeating: Generation.worker, count: settings.workers) + settings.services
        return zip(roles, freeSlots(roles.count)).map { Generation.Place(role: $0, slot: $1) }
    }

    private func freeSlots(_ count: Int) -> [Int] {
        let taken = Set((current.places + (upcoming?.places ?? [])).map(\.slot) + retired.map(\.slot))
        return Array((0..<Scoreboard.capacity).lazy.filter { !taken.contains($0) }.prefix(count))
    }

    private func isDue(_ place: Generation.Place) -> Bool {
        place.child == nil && place.policy.notBefore <= ScoreboardSlot.now
    }

    /// The place with a new child, or with one failure more.
    private func started(_ place: Generation.Place, socket: Int32) -> Generation.Place {
        var place = place
        let now = ScoreboardSlot.now
        scoreboard[place.slot].reset(.starting)
        do {
            let process = try launcher.start(role: place.role, slot: place.slot, socket: socket)
            scoreboard[place.slot].process = process
            place.child = Child(process: process, role: place.role, slot: place.slot, started: now)
            logger.info("Started child \(process): \(place.role)")
        } catch {
            logger.error("\(error)")
            place.policy.ended(from: now, to: now)
        }
        return place
    }

    private func isReady(_ generation: Generation) -> Bool {
        !generation.places.isEmpty
            && generation.places.allSatisfy { place in
                guard let child = place.child else { return false }
                return scoreboard[child.slot].state == .ready
            }
    }

    private mutating func ended(_ process: pid_t, _ status: ProcessStatus) {
        if let index = retired.firstIndex(where: { $0.process == process }) {
            logger.info("Removed stale child \(process)")
            scoreboard[retired[index].slot].reset(.empty)
            retired.remove(at: index)
        } else if let index = current.places.firstIndex(where: { $0.child?.process == process }) {
            vacate(&current.places[index], process, status)
            if !current.wasReady && ending == nil { startFailed(current.places[index], status) }
        } else if let index = upcoming?.places.firstIndex(where: { $0.child?.process == process }), var next = upcoming
        {
            vacate(&next.places[index], process, status)
            upcoming = next
            guard hasFailed(next.places[index], status) else { return }
            logger.error("The new configuration does not work (\(status)); the old one stays")
            abandon()
        }
    }

    private func vacate(_ place: inout Generation.Place, _ process: pid_t, _ status: ProcessStatus) {
        logger.log(level: ending == nil ? .warning : .info, "Removed dead child \(process): \(status)")
        scoreboard[place.slot].reset(.empty)
        if let child = place.child { place.policy.ended(from: child.started, to: ScoreboardSlot.now) }
        place.child = nil
    }

    /// Whether a child that ended before its generation was ready says that trying again is no use.
    private func hasFailed(_ place: Generation.Place, _ status: ProcessStatus) -> Bool {
        if case .exited(let code) = status, code != 0 { return true }
        return place.policy.failures >= Self.mostCrashes
    }

    private mutating func startFailed(_ place: Generation.Place, _ status: ProcessStatus) {
        guard hasFailed(place, status) else { return }
        var code = ExitStatus.unexpected.rawValue
        if case .exited(let own) = status, own != 0 { code = own }
        logger.critical("The service can't start: a worker ended with \(status)")
        stopAtOnce(status: code)
    }

    private mutating func retire(_ children: [Child], _ signal: Int32, within timeout: Duration?) {
        let now = ScoreboardSlot.now
        for var child in children {
            kill(child.process, signal)
            child.deadline = timeout.map { now + $0.nanoseconds }
            retired.append(child)
        }
    }

    // MARK: Signals

    private mutating func stop(status: Int32) {
        logger.info("Stopping: \(children.count) children finish their requests")
        ending = status
        notifier?.send(.stopping)
        let timeout = current.settings.drainTimeout
        if let notifier {
            // systemd's own limit must not cut what ours allows.
            let time = (timeout ?? .seconds(86_400)).nanoseconds / 1000 + 5_000_000
            notifier.send(.extendTimeout(microseconds: UInt64(time)))
        }
        let all = children
        emptyPlaces()
        retired = []
        retire(all, SIGTERM, within: timeout.map { $0 + Self.farewell })
    }

    private mutating func stopAtOnce(status: Int32) {
        ending = status
        notifier?.send(.stopping)
        for child in children { kill(child.process, SIGKILL) }
    }

    private mutating func emptyPlaces() {
        current.places = []
        upcoming = nil
    }

    private mutating func reload() {
        var time = ScoreboardSlot.now / 1000
        if time < 0 { time = 0 }
        notifier?.send(.reloading(monotonicMicroseconds: UInt64(time)))
        do {
            let settings = try load()
            if upcoming != nil { abandon() }
            var socket = current.socket
            let isMoved =
                settings.bindHost != current.settings.bindHost || settings.bindPort != current.settings.bindPort
            if isMoved && !isInherited {
                socket = try Self.socket(settings, patience: .zero)
            } else {
                listen(socket, Int32(clamping: settings.backlog))
            }
            upcoming = Generation(settings: settings, socket: socket, places: places(for: settings))
        } catch {
            logger.error("The configuration is not reloaded, the old one stays: \(error)")
            notifier?.send(.ready)
        }
    }

    /// Gives up on the generation that was to take over.
    private mutating func abandon() {
        guard let generation = upcoming else { return }
        upcoming = nil
        retire(generation.children, SIGKILL, within: .zero)
        if generation.socket != current.socket { close(generation.socket) }
        notifier?.send(.ready)
    }

    private mutating func addWorker() {
        guard current.workerCount < SupervisorSettings.mostWorkers else { return }
        current.places += freeSlots(1).map { Generation.Place(role: Generation.worker, slot: $0) }
    }

    private mutating func removeWorker() {
        guard current.workerCount > 1,
            let last = current.places.lastIndex(where: { $0.role == Generation.worker })
        else { return }
        retire([current.places.remove(at: last).child].compactMap { $0 }, SIGHUP, within: nil)
    }

    private static func socket(_ settings: SupervisorSettings, patience: Duration) throws -> Int32 {
        try ListeningSocket(host: settings.bindHost, port: settings.bindPort, backlog: settings.backlog)
            .open(patience: patience)
    }
}

extension Duration {
    /// Clamped to what 64 bits can hold, about 292 years.
    var nanoseconds: Int64 {
        let (seconds, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max / 2 : seconds + components.attoseconds / 1_000_000_000
    }
}
