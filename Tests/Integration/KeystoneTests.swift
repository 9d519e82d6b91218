import TestSupport
import Testing

extension IntegrationTests {
    /// Tokens of a real Keystone, with memcached in between.
    @Suite struct KeystoneTests {
        @Test(.timeLimit(.minutes(10)))
        func tokensAreAskedFor() async throws {
            try await withServer("keystone") { keystone in
                try await withServer("memcached") { memcached in
                    try await withTemporaryDirectory { directory in
                        let identity = try Keystone(keystone)
                        let site = try Site(
                            directory: directory,
                            keystone: identity.options(memcached: try memcached.setting("MEMCACHED_SERVERS")))
                        try await site.synchronizeDatabase(.ours)
                        try await withGlance(.ours, site) { glance in
                            try await check(glance.client, identity, keystone)
                        }
                    }
                }
            }
        }

        private func check(_ anonymous: ImageClient, _ identity: Keystone, _ keystone: SupportServer) async throws {
            func client(_ token: String) -> ImageClient { ImageClient(url: anonymous.url, token: token) }
            let demo = client(try await identity.token("demo", project: "demo"))
            let other = client(try await identity.token("demo2", project: "demo2"))
            let reader = client(try await identity.token("demo_reader", project: "demo"))
            let unused = client(try await identity.token("demo", project: "demo"))

            // Who may do what.
            let id = try await demo.create(["name": "mine"])
            #expect(try await demo.upload(id, Noise.bytes(5000, seed: 3)).status == 204)
            try await other.expect(404, "GET", "/v2/images/\(id)")
            try await reader.expect(200, "GET", "/v2/images/\(id)")
            try await reader.expect(403, "POST", "/v2/images", json: ["name": "not for readers"])

            // No token, and one that Keystone doesn't know.
            for nobody in [anonymous, client("made-up")] {
                let answer = try await nobody.request("GET", "/v2/images")
                #expect(answer.status == 401)
                #expect(answer.header("WWW-Authenticate") == "Keystone uri=\"\(identity.url)\"")
            }

            // Keystone away: what the cache knows goes on, what it doesn't know is told to come back.
            try await keystone.stop()
            try await demo.expect(200, "GET", "/v2/images/\(id)")
            try await unused.expect(503, "GET", "/v2/images/\(id)")
            try await keystone.start()
            try await unused.expect(200, "GET", "/v2/images/\(id)")
        }
    }
}
