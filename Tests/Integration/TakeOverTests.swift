import TestSupport
import Testing

extension IntegrationTests {
    /// A database and a store that Python Glance left are ours to serve and to change, and Python Glance goes on with
    /// what we leave. On SQLite the URLs of locations are encrypted.
    @Suite(.serialized) struct TakeOverTests {
        @Test(.timeLimit(.minutes(10)), arguments: [Release.glance33, .glance25], ["SQLite", "PostgreSQL"])
        func thereAndBack(original: Release, database: String) async throws {
            try await withServer("keystone") { server in
                let keystone = try Keystone(server)
                if database == "SQLite" {
                    try await thereAndBack(original, connection: nil, keystone)
                } else {
                    try await withServer("postgresql") { server in
                        let url = try server.setting("POSTGRESQL_URL") + "/postgres"
                        try await thereAndBack(
                            original, connection: url.replacing("postgresql:", with: "postgresql+psycopg2:"), keystone)
                    }
                }
            }
        }

        private func thereAndBack(_ original: Release, connection: String?, _ keystone: Keystone) async throws {
            let token = try await keystone.token("admin", project: "admin")
            try await withTemporaryDirectory { directory in
                let site = try Site(
                    directory: directory, database: connection, workers: 1, keystone: keystone.options())
                if connection == nil { try site.append("[DEFAULT]\nmetadata_encryption_key = 0123456789abcdef\n") }
                let client = ImageClient(url: site.url, token: token)
                try await site.synchronizeDatabase(original)
                let left = try await withGlance(original, site) { _ in
                    try await Inventory.populate(client)
                    return try await Inventory(client)
                }
                #expect(left.images.count == 9)

                try await site.synchronizeDatabase(.ours)
                let changed = try await withGlance(.ours, site) { _ in
                    let taken = try await Inventory(client)
                    taken.expectSame(as: left)
                    try await change(left, client)
                    return try await Inventory(client)
                }
                #expect(changed.images.count == 10)

                try await withGlance(original, site) { _ in
                    let back = try await Inventory(client)
                    back.expectSame(as: changed)
                    // And it can go on working with it.
                    let id = try await client.create(["name": "after"])
                    #expect(try await client.upload(id, Noise.bytes(1000, seed: 99)).status == 204)
                    for image in changed.images.keys {
                        try await client.patch(image, [["op": "replace", "path": "/protected", "value": false]])
                        try await client.expect(204, "DELETE", "/v2/images/\(image)")
                    }
                }
            }
        }

        /// Every kind of write, on what the original left and on something new.
        private func change(_ left: Inventory, _ client: ImageClient) async throws {
            func id(_ name: String) throws -> String { try left.id(named: name) }

            let new = try await client.create([
                "name": "new", "owner": "project-a", "tags": ["x", "y"], "os_version": "12", "visibility": "shared",
            ])
            #expect(try await client.upload(new, Noise.bytes(3_000_001, seed: 50)).status == 204)
            try await client.expect(200, "POST", "/v2/images/\(new)/members", json: ["member": "project-c"])

            let rich = try id("rich")
            try await client.patch(
                rich,
                [
                    ["op": "remove", "path": "/os_distro"],
                    ["op": "replace", "path": "/os_version", "value": "13"],
                    ["op": "add", "path": "/hw_disk_bus", "value": "virtio"],
                    ["op": "replace", "path": "/tags", "value": ["blue", "green"]],
                    ["op": "replace", "path": "/min_ram", "value": 512],
                ])
            // A property that was removed keeps its row; adding it again must revive that row.
            try await client.patch(rich, [["op": "add", "path": "/os_distro", "value": "again"]])

            let shared = try id("shared")
            try await client.expect(
                200, "PUT", "/v2/images/\(shared)/members/project-b", json: ["status": "accepted"])
            try await client.expect(204, "DELETE", "/v2/images/\(shared)/members/project-c")
            try await client.expect(200, "POST", "/v2/images/\(shared)/members", json: ["member": "project-d"])

            try await client.expect(204, "POST", "/v2/images/\(try id("deactivated"))/actions/reactivate")
            try await client.expect(204, "POST", "/v2/images/\(try id("large"))/actions/deactivate")
            try await client.expect(204, "PUT", "/v2/images/\(try id("public"))/tags/tagged")
            #expect(try await client.upload(try id("queued"), Noise.bytes(77, seed: 51)).status == 204)
            try await client.expect(204, "DELETE", "/v2/images/\(try id("small"))")
            let again = try await client.create(["name": "short-lived"])
            #expect(try await client.upload(again, Noise.bytes(10, seed: 52)).status == 204)
            try await client.expect(204, "DELETE", "/v2/images/\(again)")
            _ = try await client.create(["name": "queued by ours"])
        }
    }
}
