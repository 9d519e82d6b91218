package import ImageStore
package import OsloConfig
package import OutgoingHTTP

/// The options `vmware_*` of one store.
package struct VMwareSettings: Sendable {
    /// One of `vmware_datastores`.
    package struct Datastore: Sendable, Equatable {
        package var name: DatastoreName
        /// New images go to the datastores of the highest weight that have room.
        package var weight: Int
    }

    package var server: VSphereAddress
    package var user: String
    package var password: String
    /// How often a call is tried again.
    package var retries = 10
    /// The longest pause between two looks at a running task. The first ones come sooner.
    package var taskPollInterval: Duration = .seconds(5)
    /// Components of the directory of images in a datastore.
    package var directory: [String] = ["openstack_glance"]
    package var tls = TLSSettings()
    /// At least one, highest weight first.
    package var datastores: [Datastore]

    package init(server: VSphereAddress, user: String, password: String, datastores: [Datastore]) {
        self.server = server
        self.user = user
        self.password = password
        self.datastores = datastores.sorted { $0.weight > $1.weight }
    }

    /// The settings of the store `store`.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)`` with the option and what is wrong.
    package init(configuration: Configuration, store: String) throws(StoreError) {
        func required(_ option: Option<String?>, _ name: String) throws(StoreError) -> String {
            guard let text = configuration.value(option, store: store), !text.isEmpty else {
                throw .badConfiguration("store \(store): \(name) must be set")
            }
            return text
        }
        let host = try required(Options.VmwareStore.vmwareServerHost, "vmware_server_host")
        guard let server = VSphereAddress(host) else {
            throw .badConfiguration(
                "store \(store): vmware_server_host: '\(host)' is not a name or an address, with or without a port")
        }
        var datastores: [Datastore] = []
        do throws(StoreError) {
            for text in configuration.value(Options.VmwareStore.vmwareDatastores, store: store) where !text.isEmpty {
                datastores.append(try Datastore(option: text))
            }
            guard !datastores.isEmpty else { throw .badConfiguration("at least one datastore must be named") }
        } catch {
            throw error.naming(store: store, option: "vmware_datastores")
        }
        self.init(
            server: server,
            user: try required(Options.VmwareStore.vmwareServerUsername, "vmware_server_username"),
            password: try required(Options.VmwareStore.vmwareServerPassword, "vmware_server_password"),
            datastores: datastores)
        retries = configuration.value(Options.VmwareStore.vmwareApiRetryCount, store: store)
        taskPollInterval = .seconds(configuration.value(Options.VmwareStore.vmwareTaskPollInterval, store: store))
        let path = configuration.value(Options.VmwareStore.vmwareStoreImageDir, store: store)
        directory = path.split(separator: "/").map(String.init)
        guard !directory.contains(where: { $0 == ".." || $0 == "." }), !path.contains(where: { "?#[]\0".contains($0) })
        else {
            throw .badConfiguration(
                "store \(store): vmware_store_image_dir: '\(path)' is not a path in a datastore without '.', '..', "
                    + "'?', '#' and brackets")
        }
        // As Glance does it: a file with authorities counts more than the wish to verify nothing.
        let authorities = configuration.value(Options.VmwareStore.vmwareCaFile, store: store) ?? ""
        tls.caFile = authorities.isEmpty ? nil : authorities
        tls.isInsecure = authorities.isEmpty && configuration.value(Options.VmwareStore.vmwareInsecure, store: store)
    }
}

extension VMwareSettings.Datastore {
    /// A datastore as the option names it: `datacenter:datastore` or `datacenter:datastore:weight`.
    package init(option: String) throws(StoreError) {
        let parts = option.split(separator: ":", omittingEmptySubsequences: false).map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        guard parts.count >= 2 else {
            throw .badConfiguration(
                "'\(option)' is not of the form datacenter:datastore or datacenter:datastore:weight")
        }
        // Glance cuts at the last two colons, so a path may hold some only when a weight follows.
        let rest = parts.count > 2 ? parts.suffix(2) : parts.suffix(1)
        let weight = rest.count == 2 ? rest.last ?? "" : ""
        guard weight.isEmpty || Int(weight) != nil else {
            throw .badConfiguration("'\(weight)' in '\(option)' is not a weight; an integer is needed")
        }
        let datacenter = parts.dropLast(rest.count).joined(separator: ":")
        guard !datacenter.isEmpty, let name = rest.first, !name.isEmpty else {
            throw .badConfiguration("'\(option)' lacks the path of a datacenter or the name of a datastore")
        }
        self.init(name: DatastoreName(datacenter: datacenter, name: name), weight: Int(weight) ?? 0)
    }
}
