import Glibc
import Scoreboard

/// Numbers of the descriptors that every child finds open.
enum ChildDescriptor {
    static let scoreboard: Int32 = 3
    /// An eventfd that wakes the supervisor.
    static let wake: Int32 = 4
    /// Of workers only.
    static let socket: Int32 = 5
    /// The configuration that was accepted: see ``SealedConfiguration``.
    static let configuration: Int32 = 6
}

/// Starts children: this very executable with a role, by posix_spawn(3). Forking without exec is no choice, because the
/// Swift runtime has threads.
struct ChildLauncher {
    /// `glance-api`; the start of a child's title in ps(1).
    let program: String
    /// What every child gets behind its role and slot.
    let arguments: [String]
    let environment: [String]
    let scoreboard: Int32
    let wake: Int32

    /// Variables that are meant for the supervisor alone.
    private static let ours: Set = [
        "NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC",
        Handover.variable, SupervisedProcess.supervisorVariable,
    ]

    /// - Parameter environment: what a service manager says to this process alone is left out of the children's.
    init(program: String, arguments: [String], environment: [String: String], scoreboard: Int32, wake: Int32) {
        self.program = program
        self.arguments = arguments
        self.environment =
            environment.filter { !Self.ours.contains($0.key) }.map { "\($0.key)=\($0.value)" }
            + ["\(SupervisedProcess.supervisorVariable)=\(getpid())"]
        self.scoreboard = scoreboard
        self.wake = wake
    }

    /// Starts a child and returns its process id.
    ///
    /// - Parameters:
    ///   - socket: the listening socket, for those that accept connections.
    ///   - configuration: what the child reads in place of the files.
    func start(
        role: ProcessRole, slot: Int, socket: Int32?, configuration: Int32?
    ) throws(SupervisorError) -> pid_t {
        var descriptors = [(scoreboard, ChildDescriptor.scoreboard), (wake, ChildDescriptor.wake)]
        if let socket { descriptors.append((socket, ChildDescriptor.socket)) }
        if let configuration { descriptors.append((configuration, ChildDescriptor.configuration)) }
        // Not the path: after an upgrade there is another program, which must not be mixed with this one.
        return try spawn(
            "/proc/self/exe",
            ["\(program): \(role.rawValue)", "--role", role.rawValue, "--slot", "\(slot)"] + arguments, descriptors)
    }

    /// Starts another program that is to say its version and end, to see whether it can run at all.
    func probe(_ path: String) throws(SupervisorError) -> pid_t {
        try spawn(path, [path, "--version"], [])
    }

    private func spawn(
        _ path: String, _ words: [String], _ descriptors: [(Int32, Int32)]
    ) throws(SupervisorError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (from, to) in descriptors { posix_spawn_file_actions_adddup2(&actions, from, to) }
        if descriptors.isEmpty {
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        }
        // The supervisor blocks the signals that it reads; a child starts with none blocked and none ignored.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var process: pid_t = 0
        let result = withPointers(to: words) { arguments in
            withPointers(to: environment) { environment in
                posix_spawn(&process, path, &actions, &attributes, arguments, environment)
            }
        }
        guard result == 0 else { throw .couldNotSpawn(reason: String(cString: strerror(result))) }
        return process
    }
}
