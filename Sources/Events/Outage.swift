import Synchronization

/// Tells the beginning and the end of a server's outage, once each, however many attempts to reach it run side by side.
///
/// What an attempt has met says nothing about what has changed since it began: a request that breaks late, after another
/// one was answered, begins no outage; one that was sent earlier and is answered while new ones are refused ends none.
public final class Outage: Sendable {
    /// Beginnings and ends so far, so that the outage goes on while the number is odd.
    private let changes = Atomic(0)

    /// One try to reach the server, as of its beginning.
    public struct Attempt: Sendable, Equatable {
        fileprivate let changes: Int
    }

    public init() {}

    /// To be taken before the server is asked.
    public var attempt: Attempt { Attempt(changes: changes.load(ordering: .relaxed)) }

    /// The server was not reached. Whether an outage begins with that.
    public func begins(with attempt: Attempt) -> Bool { change(attempt, from: 0) }

    /// The server was reached. Whether an outage ends with that.
    public func ends(with attempt: Attempt) -> Bool { change(attempt, from: 1) }

    private func change(_ attempt: Attempt, from state: Int) -> Bool {
        guard attempt.changes & 1 == state else { return false }
        return changes.compareExchange(
            expected: attempt.changes, desired: attempt.changes + 1, ordering: .relaxed
        ).exchanged
    }
}
