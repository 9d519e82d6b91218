import ImageModel
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

    func prepare() async throws(StoreError) { try await store.prepare() }

    func makeWriter(
        imageID: String, uploadID: String, expectedSize: Int64?
    ) async throws(StoreError) -> any StoreWriter {
        try await store.makeWriter(imageID: imageID, uploadID: uploadID, expectedSize: expectedSize)
    }

    func open(_ location: ImageLocation, range: Range<Int64>?) async throws(StoreError) -> StoreContent {
        try await store.open(location, range: range)
    }

    func size(of location: ImageLocation) async throws(StoreError) -> Int64 { try await store.size(of: location) }

    func delete(_ location: ImageLocation) async throws(StoreError) {
        removed.withLock { $0[location.url, default: 0] += 1 }
        try await store.delete(location)
    }

    func discard(imageID: String, uploadID: String) async throws(StoreError) {
        try await store.discard(imageID: imageID, uploadID: uploadID)
    }
}
