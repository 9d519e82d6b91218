import Synchronization

/// Bytes that the transfers of one process hold beside what the upload pipeline has: parts of an object on their way to a
/// backend, above all. However many transfers there are, and however large their parts, together they stay within one total.
///
/// Grants are given in the order in which they were asked for, so no transfer overtakes another. Nothing deadlocks: a transfer
/// may always hold ``piece`` bytes without asking, and one that has waited for ``patience`` while others hold on to theirs, as
/// those of slow clients do, gets its grant beyond the total.
public final class TransferBudget: Sendable {
    /// The one of this process.
    public static let shared = TransferBudget()
    /// What a transfer may hold without asking.
    public static let piece = 256 << 10

    private struct Waiter {
        let number: Int
        let bytes: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var held = 0
        var lastNumber = 0
        var waiters: [Waiter] = []
    }

    public let total: Int
    private let patience: Duration
    private let state = Mutex(State())

    /// - Parameters:
    ///   - total: bytes that are granted at a time.
    ///   - patience: after which a grant no longer waits for the total.
    public init(total: Int = 48 << 20, patience: Duration = .seconds(60)) {
        self.total = total
        self.patience = patience
    }

    /// Bytes granted now.
    public var held: Int { state.withLock { $0.held } }
    /// How many wait for a grant.
    public var waiting: Int { state.withLock { $0.waiters.count } }

    /// Waits until so many bytes may be held; more than the total count as the total. Cancellation of the task does not end
    /// the wait, which ends in any case.
    public func acquire(_ bytes: Int) async -> TransferGrant {
        let bytes = min(bytes, total)
        let grant = TransferGrant(bytes: bytes, budget: self)
        let number: Int? = state.withLock { state in
            if state.waiters.isEmpty, state.held + bytes <= total {
                state.held += bytes
                return nil
            }
            state.lastNumber += 1
            return state.lastNumber
        }
        guard let number else { return grant }
        var timer: Task<Void, any Error>?
        await withCheckedContinuation { continuation in
            let isGranted = state.withLock { state in
                // What was given back meanwhile may be enough.
                if state.waiters.isEmpty, state.held + bytes <= total {
                    state.held += bytes
                    return true
                }
                state.waiters.append(Waiter(number: number, bytes: bytes, continuation: continuation))
                return false
            }
            if isGranted { return continuation.resume() }
            timer = Task { [self, patience] in
                try await Task.sleep(for: patience)
                overdraw(number)
            }
        }
        timer?.cancel()
        return grant
    }

    /// A grant if it can be given at once, and nobody waits for one.
    public func acquireAtOnce(_ bytes: Int) -> TransferGrant? {
        let isGranted = state.withLock { state in
            guard state.waiters.isEmpty, state.held + bytes <= total else { return false }
            state.held += bytes
            return true
        }
        return isGranted ? TransferGrant(bytes: bytes, budget: self) : nil
    }

    private func overdraw(_ number: Int) {
        let waiter: Waiter? = state.withLock { state in
            guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return nil }
            let waiter = state.waiters.remove(at: index)
            state.held += waiter.bytes
            return waiter
        }
        waiter?.continuation.resume()
    }

    func giveBack(_ bytes: Int) {
        let granted: [Waiter] = state.withLock { state in
            state.held -= bytes
            var count = 0
            for waiter in state.waiters {
                guard state.held + waiter.bytes <= total else { break }
                state.held += waiter.bytes
                count += 1
            }
            defer { state.waiters.removeFirst(count) }
            return Array(state.waiters.prefix(count))
        }
        for waiter in granted { waiter.continuation.resume() }
    }
}
