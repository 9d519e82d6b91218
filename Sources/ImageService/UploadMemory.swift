import Synchronization

/// Shares a fixed amount of memory among the uploads that run: the more there are, the smaller their blocks.
final class UploadMemory: Sendable {
    /// Blocks of one upload that are hashed and written while one more is being received.
    static let blocksInFlight = 2
    private static let sizes = 64 << 10...1 << 20

    private let total: Int
    private let running = Atomic<Int>(0)

    /// - Parameter total: bytes for all uploads together.
    init(total: Int) { self.total = total }

    func enter() { running.add(1, ordering: .relaxed) }
    func leave() { running.subtract(1, ordering: .relaxed) }

    /// Bytes of one block.
    var blockSize: Int {
        let fair = total / (max(1, running.load(ordering: .relaxed)) * (Self.blocksInFlight + 1))
        return min(max(fair, Self.sizes.lowerBound), Self.sizes.upperBound)
    }
}
