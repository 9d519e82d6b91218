import Foundation
import NIOCore
import TestSupport
import Testing

extension IntegrationTests {
    /// Images that Glance 33 has put into Ceph and into S3 are ours to serve, to copy and to remove, and Glance goes on with
    /// what we leave, location by location.
    @Suite struct StoreTakeOverTests {
        @Test(.timeLimit(.minutes(10)))
        func cephAndS3ThereAndBack() async throws {
            try await withServer("keystone") { server in
                let keystone = try Keystone(server)
                let token = try await keystone.token("admin", project: "admin")
                try await withTemporaryDirectory { directory in
                    let stores = [
                        try await SiteStore.make(.rbd, id: "ceph"), try await SiteStore.make(.s3, id: "cold"),
                        try await SiteStore.make(.file, id: "local", directory: directory + "/images"),
                    ]
                    let site = try Self.site(in: directory, stores, keystone)
                    let images = StoredImages(client: ImageClient(url: site.url, token: token))
                    try await site.synchronizeDatabase(.glance33)
                    let left = try await withGlance(.glance33, site) { _ in
                        try await Self.populate(images)
                        return try await Inventory(images.client)
                    }
                    #expect(left.images.count == 6)

                    try await site.synchronizeDatabase(.ours)
                    let changed = try await withGlance(.ours, site) { _ in
                        try await Inventory(images.client).expectSame(as: left)
                        try await Self.change(left, images)
                        return try await Inventory(images.client)
                    }

                    try await withGlance(.glance33, site) { _ in
                        try await Inventory(images.client).expectSame(as: changed)
                        let new = try changed.id(named: "new")
                        try await images.copy(new, to: ["cold"])
                        try await images.remove(new, from: "ceph")
                        let data = try await images.client.expect(200, "GET", "/v2/images/\(new)/file").body
                        #expect(data == Noise.bytes(9_000_000, seed: 9_000_000))
                        for id in changed.images.keys {
                            try await images.client.expect(204, "DELETE", "/v2/images/\(id)")
                        }
                    }
                    for store in stores { #expect(try await store.contents() == [], "\(store.store.driver)") }
                }
            }
        }

        /// The stores are `local`, `ceph` (default) and `cold`; locations are shown, so that an inventory has them.
        private static func site(in directory: String, _ stores: [SiteStore], _ keystone: Keystone) throws -> Site {
            let site = try Site(
                directory: directory, workers: 1, keystone: keystone.options(),
                settings: [
                    "enabled_import_methods": "[glance-direct, copy-image]", "show_multiple_locations": "true",
                    "show_image_direct_url": "true",
                ])
            try site.append(stores.map(\.store).filter { $0.id != "local" })
            return site
        }

        /// Each way into the stores: an upload to the default one and to another, an import into all, a copy.
        private static func populate(_ images: StoredImages) async throws {
            _ = try await images.upload("in ceph", 3_000_000)
            _ = try await images.upload("in parts", 12_000_000, to: "cold")
            _ = try await images.importStaged("everywhere", 200_000, to: ["local", "ceph", "cold"])
            let copied = try await images.upload("copied", 1_000_000, to: "local")
            try await images.copy(copied, to: ["ceph", "cold"])
            _ = try await images.upload("to delete", 70_000)
            _ = try await images.upload("to delete, too", 80_000, to: "cold")
        }

        private static func change(_ left: Inventory, _ images: StoredImages) async throws {
            try await images.copy(try left.id(named: "in ceph"), to: ["cold", "local"])
            try await images.copy(try left.id(named: "in parts"), to: ["ceph"])
            try await images.remove(try left.id(named: "in parts"), from: "cold")
            try await images.remove(try left.id(named: "everywhere"), from: "ceph")
            try await images.remove(try left.id(named: "copied"), from: "local")
            for name in ["to delete", "to delete, too"] {
                try await images.client.expect(204, "DELETE", "/v2/images/\(try left.id(named: name))")
            }
            _ = try await images.upload("new", 9_000_000)
            _ = try await images.upload("new in parts", 11_000_000, to: "cold")
            _ = try await images.importStaged("new everywhere", 300_000, to: ["ceph", "cold"])
        }
    }
}

/// Images of several stores, and the ways into and out of these.
private struct StoredImages: Sendable {
    let client: ImageClient

    /// The data follow from the size.
    func upload(_ name: String, _ size: Int, to store: String? = nil) async throws -> String {
        let id = try await client.create(["name": .string(name)])
        let answer = try await client.upload(id, Noise.bytes(size, seed: UInt64(size)), to: store)
        guard answer.status == 204 else { throw TestFailure("upload of \(name): \(answer.status) \(answer.text)") }
        return id
    }

    func importStaged(_ name: String, _ size: Int, to stores: [String]) async throws -> String {
        let id = try await client.create(["name": .string(name)])
        let answer = try await client.request(
            "PUT", "/v2/images/\(id)/stage", headers: [("Content-Type", "application/octet-stream")],
            body: .bytes(ByteBuffer(bytes: Noise.bytes(size, seed: UInt64(size)))))
        guard answer.status == 204 else { throw TestFailure("staging of \(name): \(answer.status) \(answer.text)") }
        try await enter(id, "glance-direct", stores)
        return id
    }

    func copy(_ id: String, to stores: [String]) async throws { try await enter(id, "copy-image", stores) }

    func remove(_ id: String, from store: String) async throws {
        try await client.expect(204, "DELETE", "/v2/stores/\(store)/\(id)")
    }

    /// Returns when the data are in all of the stores and the import is over.
    private func enter(_ id: String, _ method: String, _ stores: [String]) async throws {
        try await client.expect(
            202, "POST", "/v2/images/\(id)/import",
            json: ["method": ["name": .string(method)], "stores": .array(stores.map { .string($0) })])
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let image = try await client.expect(200, "GET", "/v2/images/\(id)").json
            let present = Set((image["stores"].string ?? "").split(separator: ",").map(String.init))
            if present.isSuperset(of: stores), image["status"] == "active",
                image["os_glance_importing_to_stores"].string ?? "" == "", image["os_glance_import_task"].string == nil
            {
                return
            }
            if ContinuousClock.now > deadline { throw TestFailure("\(image)") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
