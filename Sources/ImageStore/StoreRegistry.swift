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

    /// Builds the drivers from the configuration. Call ``prepare()`` before they are used.
    ///
    /// - Parameter eventLoopGroup: where the drivers' network connections live; nil is NIO's shared group.
    /// - Throws: ``StoreError/badConfiguration(_:)`` with the option and what is wrong.
    public init(
        configuration: Configuration, eventLoopGroup: (any EventLoopGroup)? = nil, logger: Logger
    ) throws(StoreError) {
        let backends = configuration[Options.Default.enabledBackends]
        isMultiStore = !backends.isEmpty
        let wanted: [(id: String, type: String)] =
            isMultiStore ? backends.map { ($0.key, $0.value) } : try Self.singleStoreDrivers(configuration)
        var stores: [any Store] = []
        for (id, type) in wanted {
            guard !id.hasPrefix("os_glance_") else {
                throw .badConfiguration(
                    "enabled_backends: the store id '\(id)' is reserved: ids cannot begin with os_glance_")
            }
            let identity = StoreIdentity(
                id: id, description: configuration.value(Options.Store.storeDescription, store: id),
                weight: configuration.value(Options.Store.weight, store: id), isInLocations: isMultiStore)
            switch type {
            case "file":
                let settings = try FilesystemSettings(configuration: configuration, store: id)
                stores.append(FilesystemStore(identity: identity, settings: settings, logger: logger))
            case "http":
                let settings = try HTTPSettings(configuration: configuration, store: id)
                stores.append(HTTPStore(identity: identity, settings: settings, eventLoopGroup: eventLoopGroup))
            default:
                throw Self.unknown(type: type, option: isMultiStore ? "enabled_backends" : "stores")
            }
        }
        self.stores = stores
        defaultStore = try Self.defaultStore(configuration, among: stores, isMultiStore: isMultiStore)
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

    /// The store that holds a location: by its metadata; where they name none, or one that is gone, by its URL.
    public func store(for location: ImageLocation) -> (any Store)? {
        if let id = location.storeID, let store = self[id] { return store }
        guard let scheme = location.url.split(separator: ":", maxSplits: 1).first?.lowercased() else { return nil }
        let candidates = stores.filter { $0.schemes.contains(scheme) }
        return candidates.first { $0.owns(location) } ?? candidates.first
    }

    // MARK: Configuration

    private static let types = ["file", "http"]
    /// Drivers of Glance that this release does not have.
    private static let missingTypes: Set<String> = ["cinder", "rbd", "s3", "swift", "vmware"]

    private static func unknown(type: String, option: String) -> StoreError {
        let choices = "this release has \(types.joined(separator: ", "))"
        return missingTypes.contains(type)
            ? .badConfiguration("\(option): this release lacks the store driver '\(type)'; \(choices)")
            : .badConfiguration("\(option): there is no store driver '\(type)'; \(choices)")
    }

    /// In single-store mode a store has the name of its driver.
    private static func singleStoreDrivers(_ configuration: Configuration) throws(StoreError) -> [(String, String)] {
        var types: [String] = []
        for name in configuration[Options.GlanceStore.stores] where !name.isEmpty {
            let type = type(ofScheme: name)
            if !types.contains(type) { types.append(type) }
        }
        guard !types.isEmpty else { throw .badConfiguration("[glance_store] stores: no store driver is named") }
        return types.map { ($0, $0) }
    }

    /// The driver that reads URLs of a scheme, as `default_store` names them.
    private static func type(ofScheme scheme: String) -> String {
        switch scheme {
        case "filesystem": "file"
        case "https": "http"
        case "swift+http", "swift+https", "swift+config": "swift"
        case "vsphere": "vmware"
        default: scheme
        }
    }

    private static func defaultStore(
        _ configuration: Configuration, among stores: [any Store], isMultiStore: Bool
    ) throws(StoreError) -> any Store {
        let known = stores.map(\.id).joined(separator: ", ")
        if isMultiStore {
            guard let id = configuration[Options.GlanceStore.defaultBackend], !id.isEmpty else {
                throw .badConfiguration(
                    "[glance_store] default_backend must be set when enabled_backends is; one of: \(known)")
            }
            guard let store = stores.first(where: { $0.id == id }) else {
                throw .badConfiguration(
                    "[glance_store] default_backend: '\(id)' is not a store of enabled_backends; one of: \(known)")
            }
            return store
        }
        let scheme = configuration[Options.GlanceStore.defaultStore]
        guard let store = stores.first(where: { $0.id == type(ofScheme: scheme) }) else {
            throw .badConfiguration(
                "[glance_store] default_store: the driver of '\(scheme)' is not in the option stores; it has: \(known)")
        }
        return store
    }
}
