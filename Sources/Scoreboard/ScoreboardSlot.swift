import Glibc
import Synchronization

/// What one child tells the supervisor about itself.
public struct ScoreboardSlot: Sendable {
    /// How far a child is.
    public enum State: Int64, Sendable {
        case empty = 0
        case starting, ready, draining
    }

    /// The words of a slot, in their order.
    enum Field: Int, CaseIterable {
        case state, heartbeat, process, requests, activeRequests, transfers, connections, limitsRefreshed
        case imports, importedBytes, importSize
    }

    public let number: Int
    public let scoreboard: Scoreboard

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

    /// Uploads and downloads among the requests that are being answered.
    public var transfers: Int {
        get { Int(load(.transfers)) }
        nonmutating set { store(.transfers, Int64(newValue)) }
    }

    /// Open connections.
    public var connections: Int {
        get { Int(load(.connections)) }
        nonmutating set { store(.connections, Int64(newValue)) }
    }

    /// When the child that mirrors Keystone's limits last got all of them, in seconds since 1970; 0 is never.
    public var limitsRefreshed: Int64 {
        get { load(.limitsRefreshed) }
        nonmutating set { store(.limitsRefreshed, newValue) }
    }

    /// Imports that run.
    public var imports: Int {
        get { Int(load(.imports)) }
        nonmutating set { store(.imports, Int64(newValue)) }
    }

    /// Bytes that the running imports have done of the parts that they are at.
    public var importedBytes: Int64 {
        get { load(.importedBytes) }
        nonmutating set { store(.importedBytes, newValue) }
    }

    /// Bytes that these parts have; 0 while nobody knows that of each.
    public var importSize: Int64 {
        get { load(.importSize) }
        nonmutating set { store(.importSize, newValue) }
    }

    /// Why the child could not start, in one line. It is cut after ``Scoreboard/failureLength`` bytes.
    ///
    /// Other than the rest of a slot this is no atomic word: a child writes it once, right before it ends, and it is
    /// read when the child has ended.
    public var failure: String {
        get { String(decoding: scoreboard.failure(of: number).prefix { $0 != 0 }, as: UTF8.self) }
        nonmutating set {
            let room = scoreboard.failure(of: number)
            room.initialize(repeating: 0)
            for (index, byte) in newValue.utf8.prefix(Scoreboard.failureLength).enumerated() {
                room[index] = byte < 0x20 ? 0x20 : byte
            }
        }
    }

    /// Makes the slot ready for a new child.
    public func reset(_ state: State) {
        for field in Field.allCases where field != .state { store(field, 0) }
        failure = ""
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
