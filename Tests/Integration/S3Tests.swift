import Foundation
import Glibc
import TestSupport
import Testing

extension IntegrationTests {
    /// A service whose images lie in S3, in Ceph's object gateway, beside a store of files.
    @Suite(.serialized) struct S3Tests {
        /// The object gateway, and a bucket on it.
        private struct Bucket: Sendable {
            let server: SupportServer
            let name = "test-\(UUID().uuidString.lowercased())"

            /// Names and sizes of everything in the bucket, parts of unfinished uploads too.
            func contents() async throws -> [String: Int] {
                let text = try await command(
                    "radosgw-admin",
                    [
                        "-c", try server.setting("S3_ADMIN_CONF"), "-n", "client.rgw.test", "bucket", "list",
                        "--bucket=\(name)",
                    ])
                var sizes: [String: Int] = [:]
                for entry in try JSONDecoder().decode(JSON.self, from: Data(text.utf8)).array {
                    sizes[entry["name"].string ?? ""] = entry["meta"]["size"].int
                }
                return sizes
            }

            func settings(_ options: [String: String] = [:]) throws -> String {
                var all = [
                    "s3_store_host": try server.setting("S3_URL"),
                    "s3_store_access_key": try server.setting("S3_ACCESS_KEY"),
                    "s3_store_secret_key": try server.setting("S3_SECRET_KEY"), "s3_store_bucket": name,
                    "s3_store_create_bucket_on_put": "true", "s3_store_bucket_url_format": "path",
                ]
                all.merge(options) { $1 }
                return all.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: "\n")
            }
        }

        /// Runs `body` with a site whose default store is in S3.
        private func withSite(
            workers: Int = 2, keystone: [String: String]? = nil, _ options: [String: String] = [:],
            _ body: (Site, Bucket) async throws -> Void
        ) async throws {
            let bucket = Bucket(server: try await SharedServer.named("s3"))
            try await withTemporaryDirectory { directory in
                let site = try Site(directory: directory, workers: workers, keystone: keystone)
                try site.append(
                    """

                    [DEFAULT]
                    enabled_backends = local:file, cold:s3
                    [glance_store]
                    default_backend = cold
                    [cold]
                    \(try bucket.settings(options))

                    """)
                try await body(site, bucket)
            }
        }

        @Test(.timeLimit(.minutes(10)))
        func storesServesCopiesAndRemoves() async throws {
            try await withSite(["s3_store_large_object_chunk_size": "5"]) { site, bucket in
                try await site.synchronizeDatabase(.ours)
                try await withGlance(.ours, site) { glance in
                    let client = glance.client
                    var ids: [String] = []
                    for size in [0, 1000, 13_000_000] {
                        let data = Noise.bytes(size, seed: 1)
                        let id = try await client.create()
                        ids.append(id)
                        #expect(try await client.upload(id, data).status == 204)
                        let image = try await client.expect(200, "GET", "/v2/images/\(id)").json
                        #expect(image["stores"] == "cold" && image["size"].int == size)
                        if size > 0 {
                            #expect(try await client.expect(200, "GET", "/v2/images/\(id)/file").body == data)
                            let part = try await client.request(
                                "GET", "/v2/images/\(id)/file", headers: [("Range", "bytes=7-900")])
                            #expect(part.status == 206 && part.body == Array(data[7...900]))
                        }
                    }
                    let stores = try await client.expect(200, "GET", "/v2/info/stores/detail").json["stores"].array
                    let properties = stores.first { $0["id"] == "cold" }?["properties"]
                    #expect(properties?["s3_store_large_object_chunk_size"].int == 5 << 20)
                    #expect(try await bucket.contents() == [ids[0]: 0, ids[1]: 1000, ids[2]: 13_000_000])

                    // Into the other store and, without this one, back.
                    let copy: JSON = ["method": ["name": "copy-image"], "stores": ["local"]]
                    try await client.expect(202, "POST", "/v2/images/\(ids[2])/import", json: copy)
                    try await waitForStores(of: ids[2], ["cold", "local"], client)
                    try await client.expect(204, "DELETE", "/v2/stores/cold/\(ids[2])")
                    #expect(try await bucket.contents()[ids[2]] == nil)
                    let back: JSON = ["method": ["name": "copy-image"], "stores": ["cold"]]
                    try await client.expect(202, "POST", "/v2/images/\(ids[2])/import", json: back)
                    try await waitForStores(of: ids[2], ["cold", "local"], client)
                    #expect(
                        try await client.expect(200, "GET", "/v2/images/\(ids[2])/file").body
                            == Noise.bytes(13_000_000, seed: 1))

                    for id in ids { try await client.expect(204, "DELETE", "/v2/images/\(id)") }
                    #expect(try await bucket.contents() == [:])
                }
            }
        }

        private func waitForStores(of id: String, _ wanted: Set<String>, _ client: ImageClient) async throws {
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                let image = try await client.expect(200, "GET", "/v2/images/\(id)").json
                let stores = Set((image["stores"].string ?? "").split(separator: ",").map(String.init))
                if stores == wanted, image["os_glance_importing_to_stores"].string ?? "" == "" { return }
                if ContinuousClock.now > deadline { throw TestFailure("\(image)") }
                try await Task.sleep(for: .milliseconds(50))
            }
        }

        /// Its images are away with it, and nothing else is; they come back by themselves.
        @Test(.timeLimit(.minutes(10)))
        func startsWhileTheServiceIsAway() async throws {
            try await withSite { site, bucket in
                try await site.synchronizeDatabase(.ours)
                let id = try await withGlance(.ours, site) { glance in
                    let id = try await glance.client.create()
                    #expect(try await glance.client.upload(id, [1, 2, 3]).status == 204)
                    return id
                }
                try await bucket.server.stop()
                try await withGlance(.ours, site) { glance in
                    let client = glance.client
                    #expect(try await client.request("GET", "/v2/images/\(id)/file").status == 503)
                    let local = try await client.create()
                    let answer = try await client.upload(local, [4], to: "local")
                    #expect(answer.status == 204)
                    #expect(try await client.expect(200, "GET", "/v2/images/\(local)/file").body == [4])
                    let refused = try await client.create()
                    #expect(try await client.upload(refused, [5]).status == 503)
                    try await bucket.server.start()
                    #expect(try await client.expect(200, "GET", "/v2/images/\(id)/file").body == [1, 2, 3])
                    // What could not be discarded while the store was away is done by the scrubber.
                    let deadline = ContinuousClock.now + .seconds(60)
                    while try await client.expect(200, "GET", "/v2/images/\(refused)").json["status"] != "queued" {
                        if ContinuousClock.now > deadline { throw TestFailure("still being saved") }
                        try await Task.sleep(for: .milliseconds(100))
                    }
                    #expect(try await client.upload(refused, [5]).status == 204)
                }
            }
        }

        /// All workers are killed in the middle of fifty uploads: the scrubber leaves what is acknowledged, and nothing else.
        @Test(.timeLimit(.minutes(10)))
        func killedWorkersLeaveNothing() async throws {
            let options = ["s3_store_large_object_size": "1", "s3_store_large_object_chunk_size": "5"]
            try await withSite(workers: 2, options) { site, bucket in
                try await site.synchronizeDatabase(.ours)
                try await withGlance(.ours, site) { glance in
                    var sizes: [String: Int] = [:]
                    var acknowledged: Set<String> = []
                    for round in 0..<2 {
                        var ids: [String] = []
                        while ids.count < 25 {
                            // Workers that are started again take a moment.
                            guard let id = try? await glance.client.create() else {
                                try await Task.sleep(for: .milliseconds(20))
                                continue
                            }
                            ids.append(id)
                            sizes[id] = Int.random(in: 0...8_000_000)
                        }
                        try await withThrowingTaskGroup(of: String?.self) { group in
                            for id in ids {
                                let data = Noise.bytes(sizes[id] ?? 0, seed: 1)
                                group.addTask { (try? await glance.client.upload(id, data).status) == 204 ? id : nil }
                            }
                            group.addTask {
                                try await Task.sleep(for: .milliseconds(round == 0 ? 300 : 900))
                                for worker in glance.workers { kill(worker, SIGKILL) }
                                return nil
                            }
                            for try await id in group { if let id { acknowledged.insert(id) } }
                        }
                    }
                    let deadline = ContinuousClock.now + .seconds(120)
                    var images: [JSON] = []
                    repeat {
                        try await Task.sleep(for: .milliseconds(100))
                        images = (try? await glance.client.list()) ?? []
                        if ContinuousClock.now > deadline { throw TestFailure("\(images)") }
                    } while images.count < sizes.count || images.contains { $0["status"] == "saving" }
                    var active: [String: Int] = [:]
                    for image in images {
                        let id = image["id"].string ?? ""
                        #expect(image["status"] == (acknowledged.contains(id) ? "active" : image["status"]))
                        if image["status"] == "active" { active[id] = sizes[id] }
                    }
                    #expect(active.count < sizes.count)
                    let contents = try await bucket.contents()
                    // Names of uploads whose end was recorded just before the worker died go after an hour, and so do uploads in
                    // parts whose worker died before it could write down what the service calls them. They have no data.
                    let data = contents.filter { name, _ in
                        !name.hasPrefix(".glance/") && !(name.hasPrefix("_multipart_") && name.hasSuffix(".meta"))
                    }
                    #expect(data == active)
                    for name in contents.keys where name.hasPrefix(".glance/") {
                        #expect(active.keys.contains { name.contains($0) }, "\(name)")
                    }
                }
            }
        }

        /// What Glance 33 has in S3 is ours to serve, to copy and to remove, and Glance goes on with what we leave.
        @Test(.timeLimit(.minutes(10)))
        func takesOverFromGlance() async throws {
            try await withServer("keystone") { server in
                let keystone = try Keystone(server)
                let token = try await keystone.token("admin", project: "admin")
                let options = ["s3_store_large_object_size": "5", "s3_store_large_object_chunk_size": "5"]
                try await withSite(workers: 1, keystone: keystone.options(), options) { site, bucket in
                    let client = ImageClient(url: site.url, token: token)
                    try await site.synchronizeDatabase(.glance33)
                    func add(_ size: Int) async throws -> String {
                        let id = try await client.create()
                        let answer = try await client.upload(id, Noise.bytes(size, seed: 1))
                        #expect(answer.status == 204, "\(answer.text)")
                        return id
                    }
                    func check(_ id: String, _ size: Int) async throws {
                        let file = try await client.expect(200, "GET", "/v2/images/\(id)/file")
                        #expect(file.body == Noise.bytes(size, seed: 1))
                    }
                    let left = try await withGlance(.glance33, site) { _ in
                        [try await add(1000), try await add(12_000_000), try await add(2000)]
                    }
                    try await site.synchronizeDatabase(.ours)
                    let new = try await withGlance(.ours, site) { _ in
                        try await check(left[0], 1000)
                        try await check(left[1], 12_000_000)
                        let copy: JSON = ["method": ["name": "copy-image"], "stores": ["local"]]
                        try await client.expect(202, "POST", "/v2/images/\(left[1])/import", json: copy)
                        try await waitForStores(of: left[1], ["cold", "local"], client)
                        try await client.expect(204, "DELETE", "/v2/images/\(left[2])")
                        return [try await add(3000), try await add(13_000_000)]
                    }
                    #expect(
                        try await bucket.contents() == [
                            left[0]: 1000, left[1]: 12_000_000, new[0]: 3000, new[1]: 13_000_000,
                        ])
                    try await withGlance(.glance33, site) { _ in
                        try await check(left[1], 12_000_000)
                        try await check(new[0], 3000)
                        try await check(new[1], 13_000_000)
                        for id in [left[0], left[1], new[0], new[1]] {
                            try await client.expect(204, "DELETE", "/v2/images/\(id)")
                        }
                    }
                    #expect(try await bucket.contents() == [:])
                }
            }
        }
    }
}
