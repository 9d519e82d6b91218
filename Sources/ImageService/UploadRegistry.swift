import Synchronization

/// The uploads that run in this process: what tells which records of its own are left over.
package final class UploadRegistry: Sendable {
    private struct State {
        var running: Set<String> = []
        var hasUnfinished = false
    }

    private let state = Mutex(State())

    package func insert(_ uploadID: String) {
        state.withLock { _ = $0.running.insert(uploadID) }
    }

    package func remove(_ uploadID: String) {
        state.withLock { _ = $0.running.remove(uploadID) }
    }

    func contains(_ uploadID: String) -> Bool {
        state.withLock { $0.running.contains(uploadID) }
    }

    /// An upload has ended whose record, or whose bytes, may still be there.
    package func leaveUnfinished() {
        state.withLock { $0.hasUnfinished = true }
    }

    /// Whether there are such uploads; from now on there are none.
    func takeUnfinished() -> Bool {
        state.withLock { state in
            defer { state.hasUnfinished = false }
            return state.hasUnfinished
        }
    }

    var isEmpty: Bool {
        state.withLock { $0.running.isEmpty && !$0.hasUnfinished }
    }
}
