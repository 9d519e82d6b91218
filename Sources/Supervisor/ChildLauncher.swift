import Glibc
import Scoreboard

/// Numbers of the descriptors that every child finds open.
enum ChildDescriptor {
    static let scoreboard: Int32 = 3
    /// An eventfd that wakes the supervisor.
    static let wake: Int32 = 4
    static let socket: Int32 = 5
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

    /// - Parameter environment: what a service manager says to this process alone is left out of the children's.
    init(program: String, arguments: [String], environment: [String: String], scoreboard: Int32, wake: Int32) {
        self.program = program
        self.arguments = arguments
        let ours: Set = [
            "NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC",
        ]
        self.environment = environment.filter { !ours.contains($0.key) }.map { "\($0.key)=\($0.value)" }
        self.scoreboard = scoreboard
        self.wake = wake
    }

    /// Starts a child and returns its process id.
    func start(role: String, slot: Int, socket: Int32) throws(SupervisorError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, scoreboard, ChildDescriptor.scoreboard)
        posix_spawn_file_actions_adddup2(&actions, wake, ChildDescriptor.wake)
        posix_spawn_file_actions_adddup2(&actions, socket, ChildDescriptor.socket)
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

        let words = ["\(program): \(role)", "--role", role, "--slot", "\(slot)"] + arguments
        var process: pid_t = 0
        let result = Self.withPointers(to: words) { arguments in
            Self.withPointers(to: environment) { environment in
                // Not the path: after an upgrade there is another program.
                posix_spawn(&process, "/proc/self/exe", &actions, &attributes, arguments, environment)
            }
        }
        guard result == 0 else { throw .couldNotSpawn(reason: String(cString: strerror(result))) }
        return process
    }

    private static func withPointers<Result>(
        to strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
