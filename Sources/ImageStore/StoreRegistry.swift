public import ImageModel
public import Logging
public import OsloConfig

/// The configured stores of one process: multi-store (`enabled_backends`) or single-store (`[glance_store] stores`).
public struct StoreRegistry: Sendable {
    /// All stores in the order of the configuration. Reserved ones (`os_glance_*`) are not among them.
    public let stores: [any Store]
    /// Store for new data when the client names none.
    public let defaultStore: any Store
    /// Whether `enabled_backends` is set.
    public let isMultiStore: Bool

    /// Builds the drivers from the configuration.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)`` with the option and what is wrong.
    public init(configuration: Configuration, logger: Logger) throws(StoreError) {
        fatalError("skeleton")
    }

    /// For tests.
    public init(stores: [any Store], defaultStore: any Store, isMultiStore: Bool) {
        self.stores = stores
        self.defaultStore = defaultStore
        self.isMultiStore = isMultiStore
    }

    /// The store with this id, nil if there is none.
    public subscript(id: String) -> (any Store)? {
        stores.first { $0.id == id }
    }

    /// The store that holds a location: by its metadata, else by the URL's scheme.
    public func store(for location: ImageLocation) -> (any Store)? {
        if let id = location.storeID, let store = self[id] { return store }
        guard let scheme = location.url.split(separator: ":", maxSplits: 1).first.map({ $0.lowercased() }) else { return nil }
        return stores.first { $0.schemes.contains(scheme) }
    }
}
