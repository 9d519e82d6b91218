import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    /// A service with two stores in one Ceph cluster.
    @Suite(.serialized) struct CephTests {
        private struct Pools {
            let server: SupportServer
            let fast = "fast-\(UUID().uuidString.prefix(8).lowercased())"
            let cold = "cold-\(UUID().uuidString.prefix(8).lowercased())"

            func run(_ program: String, _ arguments: String...) async throws -> String {
                try await command(program, ["-c", try server.setting("CEPH_CONF")] + arguments)
            }

            func images(_ pool: String) async throws -> Set<String> {
                Set(try await run("rbd", "ls", pool).split(separator: "\n").map(String.init))
            }

            /// Bytes of an image's objects.
            func used(_ image: String) async throws -> Int? {
                let text = try await run("rbd", "du", "--format", "json", image)
                return text.firstMatch(of: /"used_size":(\d+)/).flatMap { Int($0.1) }
            }
        }

        private func withSite(_ body: (Site, Pools) async throws -> Void) async throws {
            let pools = Pools(server: try await SharedServer.named("ceph"))
            for pool in [pools.fast, pools.cold] { _ = try await pools.run("ceph", "osd", "pool", "create", pool) }
            try await withTemporaryDirectory { directory in
                let site = try Site(directory: directory)
                try site.append(
                    """

                    [DEFAULT]
                    enabled_backends = fast:rbd, cold:rbd
                    show_image_direct_url = true
                    show_multiple_locations = true
                    [glance_store]
                    default_backend = fast
                    [fast]
                    rbd_store_ceph_conf = \(try pools.server.setting("CEPH_CONF"))
                    rbd_store_user = glance
                    rbd_store_pool = \(pools.fast)
                    weight = 10
                    [cold]
                    rbd_store_ceph_conf = \(try pools.server.setting("CEPH_CONF"))
                    rbd_store_user = glance
                    rbd_store_pool = \(pools.cold)
                    rbd_store_chunk_size = 2

                    """)
                try await site.synchronizeDatabase(.ours)
                try await body(site, pools)
            }
        }

        private func wait(
            for stores: Set<String>, of id: String, _ client: ImageClient
        ) async throws -> JSON {
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                let image = try await client.expect(200, "GET", "/v2/images/\(id)").json
                let now = Set((image["stores"].string ?? "").split(separator: ",").map(String.init))
                if now == stores, image["os_glance_importing_to_stores"].string ?? "" == "" { return image }
                if ContinuousClock.now > deadline { throw TestFailure("\(image)") }
                try await Task.sleep(for: .milliseconds(50))
            }
        }

        /// Zeros tell that the cluster's own way was taken: a copy leaves them out, an upload does not.
        private static let data: [UInt8] = {
            let noise = Noise.bytes(9_000_000, seed: 1)
            return noise + [UInt8](repeating: 0, count: 16_000_000) + noise
        }()

        /// Nova and Cinder clone what these URLs name.
        @Test(.timeLimit(.minutes(10)))
        func copiesWithinTheClusterAndSaysWhereImagesAre() async throws {
            try await withSite { site, pools in
                let fsid = try pools.server.setting("CEPH_FSID")
                try await withGlance(.ours, site) { glance in
                    let client = glance.client
                    let id = try await client.create()
                    #expect(try await client.upload(id, Self.data).status == 204)
                    let (fast, cold) = (
                        "rbd://\(fsid)/\(pools.fast)/\(id)/snap", "rbd://\(fsid)/\(pools.cold)/\(id)/snap"
                    )
                    let first = try await client.expect(200, "GET", "/v2/images/\(id)").json
                    #expect(first["direct_url"].string == fast)
                    #expect(first["locations"].array.map { $0["url"].string } == [fast])
                    #expect(first["locations"].array.map { $0["metadata"]["store"].string } == ["fast"])

                    let copy: JSON = ["method": ["name": "copy-image"], "stores": ["cold"]]
                    try await client.expect(202, "POST", "/v2/images/\(id)/import", json: copy)
                    let second = try await wait(for: ["fast", "cold"], of: id, client)
                    #expect(second["direct_url"].string == fast)
                    #expect(Set(second["locations"].array.map { $0["url"].string }) == [fast, cold])
                    for name in ["checksum", "os_hash_value", "size", "status"] {
                        #expect(second[name] == first[name], "\(name)")
                    }
                    let used = try #require(try await pools.used("\(pools.cold)/\(id)@snap"))
                    #expect(used < Self.data.count - 10_000_000)

                    try await client.expect(204, "DELETE", "/v2/stores/fast/\(id)")
                    #expect(try await pools.images(pools.fast) == [])
                    let third = try await client.expect(200, "GET", "/v2/images/\(id)").json
                    #expect(third["direct_url"].string == cold)
                    #expect(try await client.expect(200, "GET", "/v2/images/\(id)/file").body == Self.data)
                    try await client.expect(204, "DELETE", "/v2/images/\(id)")
                    #expect(try await pools.images(pools.cold) == [])
                }
            }
        }

        /// The second store has them from the first.
        @Test(.timeLimit(.minutes(10)))
        func importsIntoSeveralStoresOfTheCluster() async throws {
            try await withSite { site, pools in
                try await withGlance(.ours, site) { glance in
                    let client = glance.client
                    let id = try await client.create()
                    let staged = try await client.request(
                        "PUT", "/v2/images/\(id)/stage", headers: [("Content-Type", "application/octet-stream")],
                        body: .bytes(Self.data))
                    #expect(staged.status == 204)
                    let request: JSON = ["method": ["name": "glance-direct"], "stores": ["fast", "cold"]]
                    try await client.expect(202, "POST", "/v2/images/\(id)/import", json: request)
                    _ = try await wait(for: ["fast", "cold"], of: id, client)
                    let used = try #require(try await pools.used("\(pools.cold)/\(id)@snap"))
                    #expect(used < Self.data.count - 10_000_000)
                    try await client.expect(204, "DELETE", "/v2/stores/fast/\(id)")
                    #expect(try await client.expect(200, "GET", "/v2/images/\(id)/file").body == Self.data)
                }
            }
        }

        /// A copy ends with its image, and leaves nothing.
        @Test(.timeLimit(.minutes(10)))
        func anImageThatIsDeletedIsNotCopiedAnyFurther() async throws {
            try await withSite { site, pools in
                try await withGlance(.ours, site) { glance in
                    let client = glance.client
                    let id = try await client.create()
                    #expect(try await client.upload(id, Noise.bytes(200_000_000, seed: 2)).status == 204)
                    let copy: JSON = ["method": ["name": "copy-image"], "stores": ["cold"]]
                    try await client.expect(202, "POST", "/v2/images/\(id)/import", json: copy)
                    while try await pools.images(pools.cold).isEmpty {}
                    try await client.expect(204, "DELETE", "/v2/images/\(id)")
                    let deadline = ContinuousClock.now + .seconds(60)
                    while try await pools.images(pools.cold) != [] {
                        if ContinuousClock.now > deadline { throw TestFailure("the copy is still there") }
                    }
                    #expect(try await pools.images(pools.fast) == [])
                }
            }
        }
    }
}
