import Foundation
import TestSupport

/// A store of a site whose contents can be looked at: a pool of the tests' Ceph, a bucket of its object gateway, or a directory of
/// files; nobody else uses it.
struct SiteStore: Sendable {
    /// The drivers, by their names in `enabled_backends`.
    enum Driver: String, CaseIterable, Sendable { case file, rbd, s3 }

    let store: Site.Store
    /// A property that `GET /v2/info/stores/detail` shows of such a store.
    let property: String
    private let listing: @Sendable () async throws -> [String]

    /// What is in it, whatever it is.
    func contents() async throws -> [String] { try await listing() }

    /// - Parameters:
    ///   - id: the store's.
    ///   - directory: where files would be.
    static func make(_ driver: Driver, id: String, directory: String = "") async throws -> SiteStore {
        switch driver {
        case .file: return try files(id, directory)
        case .rbd: return try await pool(id)
        case .s3: return try await bucket(id)
        }
    }

    private static func files(_ id: String, _ directory: String) throws -> SiteStore {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        return SiteStore(
            store: Site.Store(id: id, driver: "file", options: ["filesystem_store_datadir": directory]),
            property: "data_dir", listing: { try FileManager.default.contentsOfDirectory(atPath: directory) })
    }

    private static func pool(_ id: String) async throws -> SiteStore {
        let server = try await SharedServer.named("s3")
        let conf = try server.setting("CEPH_CONF")
        let name = newPlace()
        var store = try await StorageSystem.rbd.store(id, on: server, place: name)
        store.options["rados_connect_timeout"] = "10"
        return SiteStore(
            store: store, property: "pool",
            listing: {
                let images = try await command("rbd", ["-c", conf, "--pool", name, "ls"])
                let trash = try await command("rbd", ["-c", conf, "--pool", name, "trash", "ls"])
                return (images + trash).split(separator: "\n").map(String.init)
            })
    }

    private static func bucket(_ id: String) async throws -> SiteStore {
        let server = try await SharedServer.named("s3")
        let conf = try server.setting("S3_ADMIN_CONF")
        let name = newPlace()
        var store = try await StorageSystem.s3.store(id, on: server, place: name)
        for option in ["s3_store_large_object_size", "s3_store_large_object_chunk_size"] { store.options[option] = "5" }
        return SiteStore(
            store: store, property: "s3_store_large_object_size",
            listing: {
                let text = try await command(
                    "radosgw-admin", ["-c", conf, "-n", "client.rgw.test", "bucket", "list", "--bucket=\(name)"])
                return try JSONDecoder().decode(JSON.self, from: Data(text.utf8)).array.map { $0["name"].string ?? "" }
            })
    }

    private static func newPlace() -> String { "site-\(UUID().uuidString.lowercased())" }
}
