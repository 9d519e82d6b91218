import Synchronization

/// How far a running import is; written by the import, read by whoever tells it.
public final class ImportProgress: Sendable {
    private let bytes = Atomic<Int64>(0)
    /// -1 where nobody knows.
    private let total = Atomic<Int64>(-1)

    public init() {}

    /// A part of the import begins, a download or the way into a store.
    func begin(expected: Int64?) {
        bytes.store(0, ordering: .relaxed)
        total.store(expected ?? -1, ordering: .relaxed)
    }

    func advance(to count: Int64, expected: Int64?) {
        bytes.store(count, ordering: .relaxed)
        if let expected { total.store(expected, ordering: .relaxed) }
    }

    func add(_ count: Int) { bytes.add(Int64(count), ordering: .relaxed) }

    /// Bytes done and expected.
    public var state: (done: Int64, expected: Int64?) {
        let total = total.load(ordering: .relaxed)
        return (bytes.load(ordering: .relaxed), total < 0 ? nil : total)
    }

    /// For the task's message: Glance's words, with the whole behind them where it is known.
    public var message: String {
        let (done, expected) = state
        let part = "Copied \(done >> 20) MiB"
        return expected.map { "\(part) of \($0 >> 20) MiB" } ?? part
    }
}
