import OsloConfig

/// The drivers that there are, as the configuration names them.
struct DriverTable {
    let drivers: [StoreDriver]

    /// - Parameter option: which one names the driver.
    func driver(_ name: String, option: String) throws(StoreError) -> StoreDriver {
        if let driver = drivers.first(where: { $0.name == name }) { return driver }
        let choices = "this release has \(drivers.map(\.name).joined(separator: ", "))"
        throw .badConfiguration("\(option): there is no store driver '\(name)'; \(choices)")
    }

    /// In single-store mode a store has the name of its driver.
    func singleStores(_ configuration: Configuration) throws(StoreError) -> [(id: String, type: String)] {
        var names: [String] = []
        for text in configuration[Options.GlanceStore.stores] where !text.isEmpty {
            let name = name(ofScheme: text)
            if !names.contains(name) { names.append(name) }
        }
        guard !names.isEmpty else { throw .badConfiguration("[glance_store] stores: no store driver is named") }
        return names.map { ($0, $0) }
    }

    /// The driver that reads URLs of a scheme, as `default_store` names them.
    private func name(ofScheme scheme: String) -> String {
        if let driver = drivers.first(where: { $0.name == scheme || $0.schemes.contains(scheme) }) {
            return driver.name
        }
        return scheme
    }

    func defaultStore(
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
        guard let store = stores.first(where: { $0.id == name(ofScheme: scheme) }) else {
            throw .badConfiguration(
                "[glance_store] default_store: the driver of '\(scheme)' is not in the option stores; it has: \(known)")
        }
        return store
    }
}
