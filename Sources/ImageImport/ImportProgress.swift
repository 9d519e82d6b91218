import Synchronization

/// How far a running import is; written by the import, read by whoever tells it.
public final class ImportProgress: Sendable {
    private let counts = Mutex(Counts())

    private struct Counts {
        /// Parts that are under way: a download, or ways into stores.
        var parts = 0
        var done: Int64 = 0
        var expected: Int64?
    }

    public init() {}

    /// A part of the import begins. Those that are under way at the same time count together.
    func begin(expected: Int64?) {
        counts.withLock { counts in
            if counts.parts == 0 {
                counts.done = 0
                counts.expected = expected
            } else {
                counts.expected = counts.expected.flatMap { sum in expected.map { sum + $0 } }
            }
            counts.parts += 1
        }
    }

    func end() { counts.withLock { $0.parts -= 1 } }

    /// The only part that is under way is as far as this.
    func advance(to count: Int64, expected: Int64?) {
        counts.withLock { counts in
            counts.done = count
            if let expected { counts.expected = expected }
        }
    }

    func add(_ count: Int) { counts.withLock { $0.done += Int64(count) } }

    /// Bytes done and expected.
    public var state: (done: Int64, expected: Int64?) { counts.withLock { ($0.done, $0.expected) } }

    /// For the task's message: Glance's words, with the whole behind them where it is known.
    public var message: String {
        let (done, expected) = state
        let part = "Copied \(done >> 20) MiB"
        return expected.map { "\(part) of \($0 >> 20) MiB" } ?? part
    }
}
