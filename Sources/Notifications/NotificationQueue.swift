import Synchronization

/// Notifications that wait for the broker. What does not fit is dropped and counted, so that offering one never waits.
final class NotificationQueue: Sendable {
    private struct State {
        var waiting: [QueuedMessage] = []
        var size = 0
        var dropped = 0
    }

    private let capacity: Int
    private let largestSize: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - capacity: notifications, at least one.
    ///   - size: bytes of all of them; properties of images can be large.
    init(capacity: Int, size: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
        largestSize = size
    }

    enum Offer {
        /// Nothing had waited.
        case first
        case taken
        case dropped
    }

    /// Puts a message at the end, unless the queue is full. The older ones stay, so that what a listener sees after an outage has
    /// no gap before its beginning.
    @discardableResult
    func offer(_ message: QueuedMessage) -> Offer {
        state.withLock { state in
            guard state.waiting.count < capacity, state.size + message.size <= largestSize else {
                state.dropped += 1
                return .dropped
            }
            state.waiting.append(message)
            state.size += message.size
            return state.waiting.count == 1 ? .first : .taken
        }
    }

    /// The oldest ones, which stay in the queue until ``remove(_:)``.
    func first(_ count: Int) -> [QueuedMessage] { state.withLock { Array($0.waiting.prefix(count)) } }

    /// Removes the oldest ones, which the broker has confirmed.
    func remove(_ count: Int) {
        state.withLock { state in
            for message in state.waiting.prefix(count) { state.size -= message.size }
            state.waiting.removeFirst(min(count, state.waiting.count))
        }
    }

    /// Drops the oldest ones.
    func drop(_ count: Int) {
        remove(count)
        state.withLock { $0.dropped += count }
    }

    var count: Int { state.withLock { $0.waiting.count } }

    /// How many were dropped since this was last asked.
    func takeDropped() -> Int {
        state.withLock { state in
            defer { state.dropped = 0 }
            return state.dropped
        }
    }
}
