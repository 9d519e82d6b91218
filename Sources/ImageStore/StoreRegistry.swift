public import ImageModel
public import Logging
public import NIOCore
public import OsloConfig

/// The configured stores of one process: multi-store (`enabled_backends`) or single-store (`[glance_store] stores`).
public struct StoreRegistry: Sendable {
    /// All stores in the order of the configuration. Reserved ones (`os_glance_*`) are not among them.
    public let stores: [any Store]
    /// Store for new data when the client names none.
    public let defaultStore: any Store
    /// Whether `enabled_backends` is set.
    public let isMultiStore: Bool

    /// Builds the stores from the configuration. Call ``prepare()`` before they are used.
    ///
    /// - Parameters:
    ///   - drivers: those that there are, `StoreDriver.all` in a service.
    ///   - eventLoopGroup: where the drivers' network connections live; nil is NIO's shared group.
    /// - Throws: ``StoreError/badConfiguration(_:)`` with the option and what is wrong.
    public init(
        configuration: Configuration, drivers: [StoreDriver], eventLoopGroup: (any EventLoopGroup)? = nil,
        logger: Logger
    ) throws(StoreError) {
        let backends = configuration[Options.Default.enabledBackends]
        isMultiStore = !backends.isEmpty
        let table = DriverTable(drivers: drivers)
        let wanted: [(id: String, type: String)] =
            isMultiStore ? backends.map { ($0.key, $0.value) } : try table.singleStores(configuration)
        var stores: [any Store] = []
        for (id, type) in wanted {
            guard !id.hasPrefix("os_glance_") else {
                throw .badConfiguration(
                    "enabled_backends: the store id '\(id)' is reserved: ids cannot begin with os_glance_")
            }
            let driver = try table.driver(type, option: isMultiStore ? "enabled_backends" : "stores")
            let identity = StoreIdentity(
                id: id, description: configuration.value(Options.Store.storeDescription, store: id),
                weight: configuration.value(Options.Store.weight, store: id), isInLocations: isMultiStore)
            let store = try driver.make(
                StoreDriver.Setup(
                    identity: identity, configuration: configuration, eventLoopGroup: eventLoopGroup, logger: logger))
            // What is only read may be on as many servers as there are locations: none of them is the store.
            stores.append(store.isReadOnly ? store : WatchedStore(store, logger: logger))
        }
        self.stores = stores
        defaultStore = try table.defaultStore(configuration, among: stores, isMultiStore: isMultiStore)
    }

    /// For tests.
    public init(stores: [any Store], defaultStore: any Store, isMultiStore: Bool) {
        self.stores = stores
        self.defaultStore = defaultStore
        self.isMultiStore = isMultiStore
    }

    /// Checks every store.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)`` of the first that cannot be used.
    public func prepare() async throws(StoreError) {
        for store in stores { try await store.prepare() }
    }

    /// Ends what the drivers keep open.
    public func shutdown() async {
        for store in stores { await store.shutdown() }
    }

    /// The store with this id, nil if there is none.
    public subscript(id: String) -> (any Store)? {
        stores.first { $0.id == id }
    }

    /// The store that holds a location: by its metadata; where they name none, or one that is not configured here, by
    /// its URL. Nil when the data may be in a store that only other nodes have.
    public func store(for location: ImageLocation) -> (any Store)? {
        if let id = location.storeID, let store = self[id] { return store }
        guard let scheme = location.url.split(separator: ":", maxSplits: 1).first?.lowercased() else { return nil }
        return stores.first { $0.schemes.contains(scheme) && $0.owns(location) }
    }

    /// Locations in the order in which they are shown and read: that of their stores' weight, and of their making.
    public func ordered(_ locations: [ImageLocation]) -> [ImageLocation] {
        guard isMultiStore, locations.count > 1 else { return locations }
        let weights = locations.map { $0.storeID.flatMap { self[$0]?.weight } ?? 0 }
        return locations.indices.sorted { (-weights[$0], $0) < (-weights[$1], $1) }.map { locations[$0] }
    }

    /// The stores into which an upload may have written.
    ///
    /// - Parameter id: what its record says; nil in records of single-store mode.
    /// - Returns: nil when that store is not configured here: the record is for another node.
    public func stores(ofUploadInto id: String?) -> [any Store]? {
        guard let id else { return stores.filter { !$0.isReadOnly } }
        return self[id].map { [$0] }
    }
}
