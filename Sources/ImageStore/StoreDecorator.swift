public import ImageModel
public import JSON

/// A store that stands before another one and passes everything on but what it implements itself.
public protocol StoreDecorator: Store {
    /// The store behind.
    var store: any Store { get }
}

extension StoreDecorator {
    public var identity: StoreIdentity { store.identity }
    public var type: String { store.type }
    public var isReadOnly: Bool { store.isReadOnly }
    public var schemes: Set<String> { store.schemes }
    public var properties: [String: JSONValue] { store.properties }

    public func owns(_ location: ImageLocation) -> Bool { store.owns(location) }

    public func accepts(_ location: ImageLocation) -> Bool { store.accepts(location) }

    public func check() async throws(StoreError) { try await store.check() }

    public func prepare() async throws(StoreError) { try await store.prepare() }

    public func makeWriter(
        for upload: StoreUpload, expectedSize: Int64?, context: StoreContext
    ) async throws(StoreError) -> any StoreWriter {
        try await store.makeWriter(for: upload, expectedSize: expectedSize, context: context)
    }

    public func open(
        _ location: ImageLocation, range: Range<Int64>?, context: StoreContext
    ) async throws(StoreError) -> StoreContent {
        try await store.open(location, range: range, context: context)
    }

    public func size(of location: ImageLocation, context: StoreContext) async throws(StoreError) -> Int64 {
        try await store.size(of: location, context: context)
    }

    public func delete(_ location: ImageLocation, context: StoreContext) async throws(StoreError) {
        try await store.delete(location, context: context)
    }

    public func discard(_ upload: StoreUpload, context: StoreContext) async throws(StoreError) {
        try await store.discard(upload, context: context)
    }

    public func discardForeign(
        imageID: String, minimumAge: Duration, context: StoreContext
    ) async throws(StoreError) {
        try await store.discardForeign(imageID: imageID, minimumAge: minimumAge, context: context)
    }

    public func settle(_ upload: StoreUpload) async throws(StoreError) { try await store.settle(upload) }

    public func leftovers(minimumAge: Duration) async throws(StoreError) -> [AbandonedUpload] {
        try await store.leftovers(minimumAge: minimumAge)
    }

    public func share(
        _ location: ImageLocation, with readers: StoreReaders, context: StoreContext
    ) async throws(StoreError) {
        try await store.share(location, with: readers, context: context)
    }

    public func shutdown() async { await store.shutdown() }
}

extension Store {
    /// The store itself, without what stands before it.
    public var undecorated: any Store { (self as? any StoreDecorator)?.store.undecorated ?? self }
}
