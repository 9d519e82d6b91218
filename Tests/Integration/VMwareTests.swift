import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    /// A service whose images lie in a datastore of a vCenter, beside a store of files.
    @Suite struct VMwareTests {
        private func site(in directory: String, _ server: SupportServer) throws -> Site {
            let site = try Site(directory: directory)
            try site.append(
                """

                [DEFAULT]
                enabled_backends = local:file, vm:vmware
                [glance_store]
                default_backend = vm
                [vm]
                vmware_server_host = \(try server.setting("VSPHERE_HOST"))
                vmware_server_username = \(try server.setting("VSPHERE_USER"))
                vmware_server_password = \(try server.setting("VSPHERE_PASSWORD"))
                vmware_ca_file = \(try server.setting("VSPHERE_CA"))
                vmware_datastores = DC0:LocalDS_0
                vmware_api_retry_count = 2

                """)
            return site
        }

        /// The default store is away at the start: its images wait, the others do not, and it comes back by itself.
        @Test(.timeLimit(.minutes(10)))
        func startsWhileTheServerIsAway() async throws {
            try await withServer("vsphere") { @Sendable server in
                try await withTemporaryDirectory { directory in
                    let site = try site(in: directory, server)
                    try await site.synchronizeDatabase(.ours)
                    let bytes = Noise.bytes(3_000_000, seed: 1)
                    let id = try await withGlance(.ours, site) { glance in
                        let id = try await glance.client.create()
                        #expect(try await glance.client.upload(id, bytes).status == 204)
                        return id
                    }
                    try await server.stop()
                    try await withGlance(.ours, site) { glance in
                        let client = glance.client
                        #expect(try await client.request("GET", "/v2/images/\(id)/file").status == 503)
                        let refused = try await client.create()
                        #expect(try await client.upload(refused, [1]).status == 503)
                        let local = try await client.create()
                        let stored = try await client.upload(local, [2], to: "local")
                        #expect(stored.status == 204)
                        #expect(try await client.expect(200, "GET", "/v2/images/\(local)/file").body == [2])

                        try await server.start()
                        #expect(try await client.expect(200, "GET", "/v2/images/\(id)/file").body == bytes)
                        let part = try await client.request(
                            "GET", "/v2/images/\(id)/file", headers: [("Range", "bytes=7-900")])
                        #expect(part.status == 206 && part.body == Array(bytes[7...900]))
                        // What could not be discarded while the server was away is done by the scrubber.
                        let deadline = ContinuousClock.now + .seconds(60)
                        while try await client.expect(200, "GET", "/v2/images/\(refused)").json["status"] != "queued" {
                            if ContinuousClock.now > deadline { throw TestFailure("still being saved") }
                            try await Task.sleep(for: .milliseconds(100))
                        }
                        #expect(try await client.upload(refused, bytes).status == 204)
                        for image in [id, refused] { try await client.expect(204, "DELETE", "/v2/images/\(image)") }
                        let images = try server.setting("VSPHERE_DATA") + "/DC0-LocalDS_0/openstack_glance"
                        #expect(try FileManager.default.contentsOfDirectory(atPath: images) == [])
                    }
                }
            }
        }
    }
}
