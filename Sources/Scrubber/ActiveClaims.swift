import Synchronization

/// The images that this process scrubs at the moment: what tells which of its claims are left over from a time when the
/// database went away.
final class ActiveClaims: Sendable {
    private let images = Mutex<Set<String>>([])

    /// To be called before the image is claimed.
    func insert(_ id: String) { images.withLock { _ = $0.insert(id) } }

    func remove(_ id: String) { images.withLock { _ = $0.remove(id) } }

    func contains(_ id: String) -> Bool { images.withLock { $0.contains(id) } }

    var isEmpty: Bool { images.withLock { $0.isEmpty } }
}
