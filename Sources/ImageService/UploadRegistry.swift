import Synchronization

/// The uploads that run in this process: what tells the sweep which records of its own process are dead.
final class UploadRegistry: Sendable {
    private let running = Mutex<Set<String>>([])

    func insert(_ uploadID: String) {
        running.withLock { _ = $0.insert(uploadID) }
    }

    func remove(_ uploadID: String) {
        running.withLock { _ = $0.remove(uploadID) }
    }

    func contains(_ uploadID: String) -> Bool {
        running.withLock { $0.contains(uploadID) }
    }

    var isEmpty: Bool {
        running.withLock { $0.isEmpty }
    }
}
