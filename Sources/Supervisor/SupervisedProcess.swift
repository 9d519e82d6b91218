import CLinux
import Glibc
public import Scoreboard
import Synchronization
import Threads

/// A child's side of the supervision: what it was given, what it tells, and how it learns that it is to end.
public final class SupervisedProcess: Sendable {
    /// Why the process is to end.
    public enum Ending: Sendable, Equatable {
        /// The service stops; the supervisor kills what is left after `graceful_shutdown_timeout`.
        case stop
        /// Other processes have taken over; running requests may take as long as they need.
        case replaced
    }

    /// The child's place on the scoreboard.
    public let slot: ScoreboardSlot
    /// The listening socket, which the process owns. Only workers have one.
    public let socket = ChildDescriptor.socket

    /// What the supervisor's `load` has returned for children; `nil` if the supervisor had nothing to hand over, and the
    /// files on disk are to be read.
    public let configuration: [UInt8]?

    /// The environment variable by which a child knows its supervisor's process id.
    static let supervisorVariable = "GLANCE_API_SUPERVISOR"

    private let ending = Mutex(EndingState())

    private struct EndingState {
        var signalled: Ending?
        var waiting: [CheckedContinuation<Ending, Never>] = []
    }

    /// Takes what the supervisor has left open for this process. To be called before any other thread exists: signals
    /// are blocked for those that follow.
    ///
    /// - Parameters:
    ///   - name: ``ProcessRole/processName``; cut after 15 bytes.
    ///   - slot: `--slot`.
    /// - Throws: when this process was not started by a supervisor.
    public init(name: String, slot: Int) throws {
        guard (0..<Scoreboard.capacity).contains(slot) else {
            throw SupervisorError.system(call: "--slot", errno: EINVAL)
        }
        let scoreboard = try Scoreboard(descriptor: ChildDescriptor.scoreboard)
        self.slot = scoreboard[slot]
        configuration = SealedConfiguration.read(ChildDescriptor.configuration)
        if configuration != nil { close(ChildDescriptor.configuration) }
        for descriptor in [ChildDescriptor.wake, socket] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        clinux_set_process_name(name)
        // Nobody would replace or end us any more; what is running may finish.
        // The supervisor may be process 1 itself, so only its own number tells whether it is still there.
        let supervisor = getenv(Self.supervisorVariable).flatMap { pid_t(String(cString: $0)) }
        guard clinux_die_with_parent(SIGTERM) == 0, getppid() == supervisor else {
            throw SupervisorError.system(call: "supervisor", errno: ESRCH)
        }
        watchSignals()
    }

    /// Tells the supervisor that requests are being served.
    public func reportReady() {
        slot.beat()
        slot.state = .ready
        wakeSupervisor()
        StartMemory.release()
    }

    private func wakeSupervisor() {
        var one: UInt64 = 1
        _ = write(ChildDescriptor.wake, &one, MemoryLayout<UInt64>.size)
    }

    /// Tells the supervisor why the process can't go on. To be called right before it ends.
    public func reportFailure(_ reason: String) { slot.failure = reason }

    /// Runs `body` in a task, and ends the process with the status that it returns. The calling thread, which is the
    /// main one, only sleeps: it can't be an asynchronous main's, because that would have started threads before
    /// signals were blocked.
    public func run(_ body: @escaping @Sendable () async -> Int32) -> Never {
        Task { exit(await body()) }
        while true { pause() }
    }

    /// Returns when the process is to end: stop accepting, finish what is running, and return from `main`.
    public func waitForEnding() async -> Ending {
        await withCheckedContinuation { continuation in
            let signalled = ending.withLock { state in
                if state.signalled == nil { state.waiting.append(continuation) }
                return state.signalled
            }
            if let signalled { continuation.resume(returning: signalled) }
        }
    }

    /// Reads signals in a thread of its own: TERM and HUP ask to finish, INT and QUIT end at once.
    private func watchSignals() {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGTERM, SIGHUP, SIGINT, SIGQUIT] { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // Meant for the supervisor; somebody may send them to all processes of the service.
        for signal in [SIGUSR2, SIGTTIN, SIGTTOU] { Glibc.signal(signal, SIG_IGN) }
        do throws(ThreadError) {
            try DetachedThread.start("signals") { [self] in readSignals() }
        } catch {
            // Then they do what they do in any process.
            pthread_sigmask(SIG_UNBLOCK, &set, nil)
        }
    }

    private func readSignals() {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGTERM, SIGHUP, SIGINT, SIGQUIT] { sigaddset(&set, signal) }
        var signal: Int32 = 0
        while sigwait(&set, &signal) == 0 {
            switch signal {
            case SIGTERM: end(.stop)
            case SIGHUP: end(.replaced)
            default: _exit(0)
            }
        }
    }

    private func end(_ reason: Ending) {
        slot.state = .draining
        wakeSupervisor()
        let waiting = ending.withLock { state in
            if state.signalled == nil { state.signalled = reason }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: reason) }
    }
}
