import Glibc
public import Scoreboard

/// Why the supervisor can't start.
public enum SupervisorError: ExitStatusError, Equatable {
    /// No socket at the configured address.
    case couldNotBind(address: String, reason: String)
    /// No child process.
    case couldNotSpawn(reason: String)
    /// Something else that the operating system refused.
    case system(call: String, errno: Int32)

    public var exitStatus: ExitStatus {
        switch self {
        case .couldNotBind, .system: .runtimeError
        case .couldNotSpawn: .workerCreationFailure
        }
    }

    public var description: String {
        switch self {
        case .couldNotBind(let address, let reason): "Could not bind to \(address): \(reason)"
        case .couldNotSpawn(let reason): "Could not start a worker: \(reason)"
        case .system(let call, let errno): "\(call): \(String(cString: strerror(errno)))"
        }
    }
}
