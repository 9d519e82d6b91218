import ImageStore
import Synchronization
import XML

/// A datastore as the server knows it.
struct Datastore: Sendable, Hashable {
    let name: DatastoreName
    let datacenter: ManagedObject
    let reference: ManagedObject
    /// What lists its files.
    let browser: ManagedObject
}

/// Finds datastores by their names, and remembers them: the server's references to them hold for long.
final class DatastoreInventory: Sendable {
    private let client: VSphereClient
    private let known = Mutex<[DatastoreName: Datastore]>([:])

    init(client: VSphereClient) { self.client = client }

    /// Runs `body` with the datastore; once more when the server does not know what was remembered.
    func with<Value>(
        _ name: DatastoreName, _ body: (Datastore) async throws(VSphereError) -> Value
    ) async throws(VSphereError) -> Value {
        if let datastore = known.withLock({ $0[name] }) {
            do throws(VSphereError) {
                return try await body(datastore)
            } catch {
                guard error == .objectNotFound else { throw error }
                known.withLock { $0 = [:] }
            }
        }
        guard let datastore = try await find(name) else { throw .fault("InvalidDatastore") }
        return try await body(datastore)
    }

    /// Nil when there is no such datacenter, or no such datastore in it.
    func find(_ name: DatastoreName) async throws(VSphereError) -> Datastore? {
        if let datastore = known.withLock({ $0[name] }) { return datastore }
        // An ESX host has one datacenter, whose name never matters.
        let path = name.datacenter ?? "ha-datacenter"
        let answer = try await client.call(
            "FindByInventoryPath", on: { $0.searchIndex }, "<inventoryPath>\(XMLText.escape(path))</inventoryPath>")
        guard let datacenter = ManagedObject(answer["returnval"]), datacenter.type == "Datacenter" else { return nil }
        let list = try await client.properties(of: [datacenter], ["datastore"])[datacenter]?["datastore"]
        let references = (list?.all("ManagedObjectReference") ?? []).compactMap { ManagedObject($0) }
        for (reference, values) in try await client.properties(of: references, ["name", "browser"])
        where values["name"]?.text == name.name {
            guard let browser = ManagedObject(values["browser"]) else { throw .unreadable }
            let datastore = Datastore(
                name: name, datacenter: datacenter, reference: reference, browser: browser)
            known.withLock { $0[name] = datastore }
            return datastore
        }
        return nil
    }

    /// Bytes that are free in each of these datastores; nil for those that cannot be used just now.
    func freeSpace(_ names: [DatastoreName]) async throws(VSphereError) -> [DatastoreName: Int64] {
        do throws(VSphereError) {
            return try await lookUpFreeSpace(names)
        } catch {
            guard error == .objectNotFound else { throw error }
            known.withLock { $0 = [:] }
            return try await lookUpFreeSpace(names)
        }
    }

    private func lookUpFreeSpace(_ names: [DatastoreName]) async throws(VSphereError) -> [DatastoreName: Int64] {
        var datastores: [ManagedObject: DatastoreName] = [:]
        for name in names {
            if let found = try await find(name) { datastores[found.reference] = name }
        }
        let values = try await client.properties(
            of: Array(datastores.keys), ["summary.freeSpace", "summary.accessible", "summary.maintenanceMode"])
        var free: [DatastoreName: Int64] = [:]
        for (reference, name) in datastores {
            let summary = values[reference] ?? [:]
            guard summary["summary.accessible"]?.text != "false",
                ["normal", nil].contains(summary["summary.maintenanceMode"]?.text),
                let bytes = summary["summary.freeSpace"].flatMap({ Int64($0.text) })
            else { continue }
            free[name] = bytes
        }
        return free
    }
}
