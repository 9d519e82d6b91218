import Glibc
import Scoreboard

/// A running child. Times are in nanoseconds of CLOCK_MONOTONIC.
struct Child: Equatable {
    let process: pid_t
    let role: ProcessRole
    let slot: Int
    let started: Int64
    /// When it is killed, if it has been told to end.
    var deadline: Int64?
    /// Whether its slot can be read. That of a child which another version of this program has started may not.
    var isWatched = true
}

/// The children that serve with one configuration.
struct Generation {
    /// A place that is always filled: when its child ends, another takes over.
    struct Place: Equatable {
        /// What the child does.
        let role: ProcessRole
        let slot: Int
        var child: Child?
        var policy = RestartPolicy()
    }

    let settings: SupervisorSettings
    let socket: Int32
    /// What its children read in place of the files; `nil` after an upgrade of a version that knew no such thing.
    let configuration: Int32?
    var places: [Place] = []
    /// Whether all places have been ready at once. Before that, a child that can't start ends the whole attempt.
    var wasReady = false

    var children: [Child] { places.compactMap(\.child) }
    var workerCount: Int { places.count { $0.role == .worker } }
}
