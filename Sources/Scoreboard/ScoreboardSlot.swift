import Glibc
import Synchronization

/// What one child tells the supervisor about itself.
public struct ScoreboardSlot: Sendable {
    /// How far a child is.
    public enum State: Int64, Sendable {
        case empty = 0
        case starting, ready, draining
    }

    enum Field: Int {
        case state, heartbeat, process, requests, activeRequests, connections
    }

    public let number: Int
    let scoreboard: Scoreboard

    /// How far the child is.
    public var state: State {
        get { State(rawValue: load(.state)) ?? .empty }
        nonmutating set { store(.state, newValue.rawValue) }
    }

    /// When the child last gave a sign of life, in nanoseconds of CLOCK_MONOTONIC.
    public var heartbeat: Int64 { load(.heartbeat) }

    /// Gives a sign of life. A worker does this every second from its event loop, because that is what must not hang.
    public func beat() { store(.heartbeat, Self.now) }

    /// Process id of the child.
    public var process: Int32 {
        get { Int32(truncatingIfNeeded: load(.process)) }
        nonmutating set { store(.process, Int64(newValue)) }
    }

    /// Requests that were answered since the child has started.
    public var requests: Int {
        get { Int(load(.requests)) }
        nonmutating set { store(.requests, Int64(newValue)) }
    }

    /// Requests that are being answered, transfers among them.
    public var activeRequests: Int {
        get { Int(load(.activeRequests)) }
        nonmutating set { store(.activeRequests, Int64(newValue)) }
    }

    /// Open connections.
    public var connections: Int {
        get { Int(load(.connections)) }
        nonmutating set { store(.connections, Int64(newValue)) }
    }

    /// Makes the slot ready for a new child.
    public func reset(_ state: State) {
        for field in [Field.process, .requests, .activeRequests, .connections] { store(field, 0) }
        beat()
        self.state = state
    }

    /// Nanoseconds of CLOCK_MONOTONIC, the clock of heartbeats.
    public static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private func load(_ field: Field) -> Int64 {
        scoreboard.word(field, of: number).pointee.load(ordering: .acquiring)
    }

    private func store(_ field: Field, _ value: Int64) {
        scoreboard.word(field, of: number).pointee.store(value, ordering: .releasing)
    }
}
