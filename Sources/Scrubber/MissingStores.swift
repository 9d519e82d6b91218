import Synchronization

/// The stores that rows name and this node does not have: each is told once.
final class MissingStores: Sendable {
    private let told = Mutex<Set<String>>([])

    /// Whether this store is met for the first time. Nil is a location that names none.
    func isNew(_ id: String?) -> Bool {
        told.withLock { $0.insert(id ?? "").inserted }
    }
}
