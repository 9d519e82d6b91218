import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    /// The service with its images in a Swift.
    @Suite struct SwiftTests {
        /// A site whose default store is `cold`, of Swift, besides `local`, of files.
        private static func site(in directory: String, _ server: SupportServer, _ options: String) throws -> Site {
            let site = try Site(directory: directory, keystone: try Keystone(server).options())
            var text = try String(contentsOfFile: site.configurationFile, encoding: .utf8)
            text = text.replacingOccurrences(of: "local:file", with: "local:file,cold:swift")
                .replacingOccurrences(of: "default_backend = local", with: "default_backend = cold")
            text += """

                [cold]
                swift_store_create_container_on_put = true
                swift_store_large_object_size = 1
                swift_store_large_object_chunk_size = 1
                \(options)

                """
            try text.write(toFile: site.configurationFile, atomically: true, encoding: .utf8)
            return site
        }

        /// The service starts while Swift is away; only what is in Swift has to wait.
        @Test(.timeLimit(.minutes(10)))
        func swiftMayBeAwayAtTheStart() async throws {
            try await withServer("swift-keystone") { @Sendable server in
                try await withTemporaryDirectory { directory in
                    let identity = try Keystone(server)
                    let accounts = "\(directory)/glance-swift.conf"
                    try """
                    [ref1]
                    user = service:glance
                    key = \(identity.password)
                    auth_address = \(identity.url)/v3
                    """.write(toFile: accounts, atomically: true, encoding: .utf8)
                    let site = try Self.site(in: directory, server, "swift_store_config_file = \(accounts)")
                    try await site.synchronizeDatabase(.ours)
                    let client = ImageClient(url: site.url, token: try await identity.token("demo", project: "demo"))
                    let bytes = Noise.bytes(3_500_000, seed: 1)
                    let id = try await withGlance(.ours, site) { _ in
                        let id = try await client.create()
                        #expect(try await client.upload(id, bytes).status == 204)
                        return id
                    }
                    try await server.stop()
                    try await withGlance(.ours, site) { _ in
                        #expect(try await client.request("GET", "/v2/images/\(id)/file").status == 503)
                        let refused = try await client.create()
                        #expect(try await client.upload(refused, [1]).status == 503)
                        let local = try await client.create()
                        let stored = try await client.upload(local, [1], to: "local")
                        #expect(stored.status == 204)

                        try await server.start()
                        #expect(try await client.request("GET", "/v2/images/\(id)/file").body == bytes)
                        let part = try await client.request(
                            "GET", "/v2/images/\(id)/file", headers: [("Range", "bytes=1023990-1024009")])
                        #expect(part.status == 206)
                        #expect(part.body == Array(bytes[1_023_990..<1_024_010]))
                        // What the refused upload may have left is looked for first, for which Swift had to come back.
                        while try await client.expect(200, "GET", "/v2/images/\(refused)").json["status"] != "queued" {
                            try await Task.sleep(for: .milliseconds(100))
                        }
                        let accepted = try await client.upload(refused, bytes)
                        #expect(accepted.status == 204, "\(accepted.text)")
                        for image in [id, refused] { try await client.expect(204, "DELETE", "/v2/images/\(image)") }

                        let (token, project) = try await identity.authenticate("glance", project: "service")
                        let account = ImageClient(
                            url: try server.setting("SWIFT_URL") + "/v1/AUTH_\(project)", token: token)
                        #expect(try await account.request("GET", "/glance").text == "")
                    }
                }
            }
        }

        /// Who may read an image's container follows who may read the image.
        @Test(.timeLimit(.minutes(10)))
        func containersFollowTheirImages() async throws {
            try await withServer("swift-keystone") { @Sendable server in
                try await withTemporaryDirectory { directory in
                    let identity = try Keystone(server)
                    let site = try Self.site(
                        in: directory, server,
                        """
                        swift_store_multi_tenant = true
                        swift_store_auth_address = \(identity.url)/v3
                        swift_store_user = service:glance
                        swift_store_key = \(identity.password)
                        """)
                    try await site.synchronizeDatabase(.ours)
                    let (token, project) = try await identity.authenticate("demo", project: "demo")
                    let (otherToken, otherProject) = try await identity.authenticate("demo2", project: "demo2")
                    let (client, other) = (
                        ImageClient(url: site.url, token: token), ImageClient(url: site.url, token: otherToken)
                    )
                    let account = ImageClient(
                        url: try server.setting("SWIFT_URL") + "/v1/AUTH_\(project)", token: token)
                    try await withGlance(.ours, site) { _ in
                        let bytes = Noise.bytes(2_500_000, seed: 2)
                        let id = try await client.create(["visibility": "private"])
                        #expect(try await client.upload(id, bytes).status == 204)
                        func readers() async throws -> String? {
                            try await account.expect(204, "HEAD", "/glance_\(id)").header("X-Container-Read")
                        }
                        #expect(try await readers() == nil)
                        #expect(try await client.request("GET", "/v2/images/\(id)/file").body == bytes)

                        try await client.patch(
                            id, [["op": "replace", "path": "/visibility", "value": "shared"]])
                        try await client.expect(
                            200, "POST", "/v2/images/\(id)/members", json: ["member": .string(otherProject)])
                        #expect(try await readers() == "\(otherProject):*")
                        #expect(try await other.request("GET", "/v2/images/\(id)/file").body == bytes)
                        try await client.expect(204, "DELETE", "/v2/images/\(id)/members/\(otherProject)")
                        #expect(try await readers() == nil)
                        try await client.patch(
                            id, [["op": "replace", "path": "/visibility", "value": "community"]])
                        #expect(try await readers() == "*:*")
                        #expect(try await other.request("GET", "/v2/images/\(id)/file").body == bytes)

                        try await client.expect(204, "DELETE", "/v2/images/\(id)")
                        #expect(try await account.request("HEAD", "/glance_\(id)").status == 404)
                    }
                }
            }
        }
    }
}
