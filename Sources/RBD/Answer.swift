import Synchronization

/// A value that comes once, perhaps too late for the one who waits.
final class Answer<Value: Sendable>: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<Value?, Never>)
        case given(Value)
        case over
    }

    private let state = Mutex(State.open)
    private let late: @Sendable (Value) -> Void

    /// - Parameter late: gets a value that nobody waits for any more.
    init(late: @escaping @Sendable (Value) -> Void = { _ in }) { self.late = late }

    func give(_ value: Value) {
        let continuation: CheckedContinuation<Value?, Never>?
        var isLate = false
        (continuation, isLate) = state.withLock { state in
            switch state {
            case .open:
                state = .given(value)
                return (nil, false)
            case .waiting(let continuation):
                state = .over
                return (continuation, false)
            case .given, .over:
                return (nil, true)
            }
        }
        continuation?.resume(returning: value)
        if isLate { late(value) }
    }

    /// - Parameter limit: nil waits for as long as it takes.
    /// - Returns: nil when the time is over.
    func wait(for limit: Duration?) async -> Value? {
        let timer = limit.map { limit in
            Task {
                try await Task.sleep(for: limit)
                giveUp()
            }
        }
        defer { timer?.cancel() }
        return await withCheckedContinuation { continuation in
            let given: Value?? = state.withLock { state in
                switch state {
                case .open:
                    state = .waiting(continuation)
                    return nil
                case .given(let value):
                    state = .over
                    return .some(value)
                case .waiting, .over:
                    return .some(nil)
                }
            }
            if let given { continuation.resume(returning: given) }
        }
    }

    private func giveUp() {
        let continuation: CheckedContinuation<Value?, Never>? = state.withLock { state in
            guard case .waiting(let continuation) = state else { return nil }
            state = .over
            return continuation
        }
        continuation?.resume(returning: nil)
    }
}
