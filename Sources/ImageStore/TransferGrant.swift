import Synchronization

/// Bytes of a ``TransferBudget`` that somebody may hold. They go back by ``release()``, or with the last reference.
public final class TransferGrant: Sendable {
    public let bytes: Int
    private let budget: TransferBudget
    private let isReleased = Atomic(false)

    init(bytes: Int, budget: TransferBudget) {
        self.bytes = bytes
        self.budget = budget
    }

    deinit { release() }

    /// Gives the bytes back; a second time does nothing.
    public func release() {
        guard !isReleased.exchange(true, ordering: .relaxed) else { return }
        budget.giveBack(bytes)
    }
}
