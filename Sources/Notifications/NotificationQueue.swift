import Synchronization

/// Notifications that wait for the broker. What does not fit is dropped and counted, so that offering one never waits.
public final class NotificationQueue: Sendable {
    private struct State {
        var waiting: [Notification] = []
        var dropped = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: notifications, at least one.
    public init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
    }

    /// Puts a notification at the end; false when the queue is full and it was dropped. The older ones stay, so that what a
    /// listener sees after an outage has no gap before its beginning.
    @discardableResult
    public func offer(_ notification: Notification) -> Bool {
        state.withLock { state in
            guard state.waiting.count < capacity else {
                state.dropped += 1
                return false
            }
            state.waiting.append(notification)
            return true
        }
    }

    /// The oldest ones, which stay in the queue until ``remove(_:)``.
    public func first(_ count: Int) -> [Notification] { state.withLock { Array($0.waiting.prefix(count)) } }

    /// Removes the oldest ones, which the broker has confirmed.
    public func remove(_ count: Int) { state.withLock { $0.waiting.removeFirst(min(count, $0.waiting.count)) } }

    public var count: Int { state.withLock { $0.waiting.count } }

    /// How many were dropped since this was last asked.
    public func takeDropped() -> Int {
        state.withLock { state in
            defer { state.dropped = 0 }
            return state.dropped
        }
    }
}
