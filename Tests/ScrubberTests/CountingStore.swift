import ImageModel
import JSON
import Synchronization

@testable import ImageStore

/// A real store, with the calls counted that remove something.
final class CountingStore: Store {
    private let store: any Store
    private let removed = Mutex<[String: Int]>([:])

    init(_ store: any Store) { self.store = store }

    /// Removals by URL, also those of nothing.
    var removals: [String: Int] { removed.withLock { $0 } }

    var identity: StoreIdentity { store.identity }
    var type: String { store.type }
    var isReadOnly: Bool { store.isReadOnly }
    var schemes: Set<String> { store.schemes }
    var properties: [String: JSONValue] { store.properties }

    func owns(_ location: ImageLocation) -> Bool { store.owns(location) }
    func check() async throws(StoreError) { try await store.check() }
    func prepare() async throws(StoreError) { try await store.prepare() }

    func makeWriter(
        for upload: StoreUpload, expectedSize: Int64?, context: StoreContext
    ) async throws(StoreError) -> any StoreWriter {
        try await store.makeWriter(for: upload, expectedSize: expectedSize, context: context)
    }

    func open(
        _ location: ImageLocation, range: Range<Int64>?, context: StoreContext
    ) async throws(StoreError) -> StoreContent {
        try await store.open(location, range: range, context: context)
    }

    func size(of location: ImageLocation, context: StoreContext) async throws(StoreError) -> Int64 {
        try await store.size(of: location, context: context)
    }

    func delete(_ location: ImageLocation, context: StoreContext) async throws(StoreError) {
        removed.withLock { $0[location.url, default: 0] += 1 }
        try await store.delete(location, context: context)
    }

    func discard(_ upload: StoreUpload, context: StoreContext) async throws(StoreError) {
        try await store.discard(upload, context: context)
    }
}
