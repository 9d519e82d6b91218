import ImageModel
import Synchronization

@testable import ImageStore

/// A real store, with the calls counted that remove something.
final class CountingStore: StoreDecorator {
    let store: any Store
    private let removed = Mutex<[String: Int]>([:])

    init(_ store: any Store) { self.store = store }

    /// Removals by URL, also those of nothing.
    var removals: [String: Int] { removed.withLock { $0 } }

    func delete(_ location: ImageLocation, context: StoreContext) async throws(StoreError) {
        removed.withLock { $0[location.url, default: 0] += 1 }
        try await store.delete(location, context: context)
    }
}
