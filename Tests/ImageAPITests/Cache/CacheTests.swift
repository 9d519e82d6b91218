import Foundation
import HTTPTypes
import ImageCache
import ImageDatabase
import JSON
import Testing
import TextCoding

@testable import ImageAPI
@testable import ImageService

/// The cache API, a test for each row of its table, and downloads with the filter `cache`.
@Suite struct CacheTests {
    private static let octets: HTTPFields = [.contentType: "application/octet-stream"]
    private static let target = HTTPField.Name("x-image-cache-clear-target")!

    /// An active image.
    private func image(_ data: String = "data", by client: TestClient) async throws -> String {
        let body = #"{"disk_format": "raw", "container_format": "bare"}"#
        let id = try #require(try await client.send(.post, "/v2/images", body: body).members["id"]?.stringValue)
        let upload = try await client.send(.put, "/v2/images/\(id)/file", headers: Self.octets, body: data)
        try #require(upload.status == 204)
        return id
    }

    /// An active image that is in the cache.
    private func cachedImage(
        _ data: String = "data", in harness: ResourceHarness, by client: TestClient
    ) async throws -> String {
        let id = try await image(data, by: client)
        #expect(try await client.send(.get, "/v2/images/\(id)/file").body == data)
        #expect(isCached(id, in: harness))
        return id
    }

    private func isCached(_ id: String, in harness: ResourceHarness) -> Bool {
        FileManager.default.fileExists(atPath: "\(harness.cacheDirectory)/\(id)")
    }

    private func lists(_ client: TestClient) async throws -> (cached: [String], queued: [String]) {
        let members = try await client.send(.get, "/v2/cache").members
        return (
            members["cached_images"]?.arrayValue?.compactMap { $0["image_id"]?.stringValue } ?? [],
            members["queued_images"]?.arrayValue?.compactMap(\.stringValue) ?? []
        )
    }

    // MARK: Rows of the table

    @Test("GET /v2/cache lists cached and queued images")
    func listOfCacheAndQueue() async throws {
        let harness = try await ResourceHarness(caches: true)
        let admin = await harness.admin()
        let (cached, queued) = (try await cachedImage(in: harness, by: admin), try await image(by: admin))
        #expect(try await admin.send(.put, "/v2/cache/\(queued)").status == 202)
        _ = try await admin.send(.get, "/v2/images/\(cached)/file")
        let answer = try await admin.send(.get, "/v2/cache")
        #expect(answer.status == 200)
        #expect(answer.headers[.contentType] == "application/json")
        #expect(try answer.members["queued_images"] == .array([.string(queued)]))
        let entry = try #require(try answer.members["cached_images"]?.arrayValue?.first)
        #expect(
            Set(try #require(entry.objectValue).map(\.key))
                == ["id", "image_id", "last_accessed", "last_modified", "size", "hits", "checksum"])
        #expect(entry["image_id"] == .string(cached))
        #expect(entry["size"] == 4)
        #expect(entry["hits"] == 1)
        #expect(entry["checksum"] == .null)
        // Seconds with a fraction.
        #expect(answer.body.contains(#/"last_accessed": ?\d{10}\.\d+/#))
    }

    @Test("GET /v2/cache has neither id nor checksum with the driver sqlite")
    func listOfLocalIndex() async throws {
        let harness = try await ResourceHarness(caches: true, cacheDriver: .sqlite)
        let admin = await harness.admin()
        _ = try await cachedImage(in: harness, by: admin)
        let entry = try #require(
            try await admin.send(.get, "/v2/cache").members["cached_images"]?.arrayValue?.first?.objectValue)
        #expect(Set(entry.map(\.key)) == ["image_id", "last_accessed", "last_modified", "size", "hits"])
    }

    @Test("PUT /v2/cache/{image_id} is 202 for an active image, 400 for another, 404 for none")
    func queueing() async throws {
        let harness = try await ResourceHarness()
        let admin = await harness.admin()
        let active = try await image(by: admin)
        let answer = try await admin.send(.put, "/v2/cache/\(active)")
        #expect(answer.status == 202)
        #expect(answer.body.isEmpty)
        // Again, and it is still there once.
        #expect(try await admin.send(.put, "/v2/cache/\(active)").status == 202)
        #expect(try await lists(admin).queued == [active])
        let queued = try #require(
            try await admin.send(.post, "/v2/images", body: "{}").members["id"]?.stringValue)
        #expect(try await admin.send(.put, "/v2/cache/\(queued)").status == 400)
        for id in [UUIDText.random(), "no-id", "..%2Fescaped"] {
            #expect(try await admin.send(.put, "/v2/cache/\(id)").status == 404)
        }
    }

    @Test("DELETE /v2/cache/{image_id} is 204 for what is cached, queued or only an image, else 404")
    func deletion() async throws {
        let harness = try await ResourceHarness(caches: true)
        let admin = await harness.admin()
        let (cached, queued) = (try await cachedImage(in: harness, by: admin), try await image(by: admin))
        _ = try await admin.send(.put, "/v2/cache/\(queued)")
        for id in [cached, queued, cached] { #expect(try await admin.send(.delete, "/v2/cache/\(id)").status == 204) }
        #expect(!isCached(cached, in: harness))
        #expect(try await lists(admin) == ([], []))
        #expect(try await admin.send(.delete, "/v2/cache/\(UUIDText.random())").status == 404)
        // What another node has deleted is still in the cache.
        let gone = try await cachedImage(in: harness, by: admin)
        _ = try await harness.service.database.images.delete(gone, to: .deleted, from: [.active])
        #expect(try await admin.send(.delete, "/v2/cache/\(gone)").status == 204)
        #expect(try await admin.send(.delete, "/v2/cache/\(gone)").status == 404)
    }

    @Test(
        "DELETE /v2/cache with x-image-cache-clear-target empties cache, queue or both",
        arguments: ["cache", "QUEUE", "", nil])
    func clearing(_ target: String?) async throws {
        let harness = try await ResourceHarness(caches: true)
        let admin = await harness.admin()
        let (cached, queued) = (try await cachedImage(in: harness, by: admin), try await image(by: admin))
        _ = try await admin.send(.put, "/v2/cache/\(queued)")
        var headers: HTTPFields = [:]
        headers[Self.target] = target
        #expect(try await admin.send(.delete, "/v2/cache", headers: headers).status == 204)
        let rest = try await lists(admin)
        #expect(rest.cached == (target == "QUEUE" ? [cached] : []))
        #expect(rest.queued == (target == "cache" ? [queued] : []))
    }

    @Test("DELETE /v2/cache with another x-image-cache-clear-target is 400")
    func clearingSomethingElse() async throws {
        let harness = try await ResourceHarness()
        let admin = await harness.admin()
        #expect(try await admin.send(.delete, "/v2/cache", headers: [Self.target: "both"]).status == 400)
        let member = await harness.member(of: "p")
        #expect(try await member.send(.delete, "/v2/cache", headers: [Self.target: "both"]).status == 403)
    }

    @Test("GET /v2/cache/nodes/{image_id} lists nodes, and is 409 unless the driver is centralized_db")
    func nodes() async throws {
        let harness = try await ResourceHarness(caches: true)
        let admin = await harness.admin()
        let (cached, other) = (try await cachedImage(in: harness, by: admin), try await image(by: admin))
        let answer = try await admin.send(.get, "/v2/cache/nodes/\(cached)")
        #expect(answer.status == 200)
        #expect(try JSONValue.parse(answer.bytes) == .array([.string("http://node-1:9292")]))
        #expect(try await admin.send(.get, "/v2/cache/nodes/\(other)").body == "[]")
        for id in [UUIDText.random(), "not-a-valid-uuid"] {
            #expect(try await admin.send(.get, "/v2/cache/nodes/\(id)").status == 404)
        }
        let local = try await ResourceHarness(cacheDriver: .sqlite)
        let path = "/v2/cache/nodes/\(try await image(by: await local.admin()))"
        #expect(try await local.admin().send(.get, path).status == 409)
        #expect(try await local.member(of: "p").send(.get, path).status == 403)
    }

    @Test("POST /v2/cache/clean is 200 without a body")
    func cleaning() async throws {
        let harness = try await ResourceHarness()
        let admin = await harness.admin()
        let file = "\(harness.cacheDirectory)/invalid/some-image"
        try Data([1]).write(to: URL(filePath: file))
        let answer = try await admin.send(.post, "/v2/cache/clean")
        #expect(answer.status == 200)
        #expect(answer.body.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    @Test("POST /v2/cache/prune says how many files and bytes it has removed")
    func pruning() async throws {
        let harness = try await ResourceHarness()
        let admin = await harness.admin()
        #expect(
            try await admin.send(.post, "/v2/cache/prune").members
                == ["total_files_pruned": 0, "total_bytes_pruned": 0])
        for _ in 0..<3 {
            let file = URL(filePath: "\(harness.cacheDirectory)/\(UUIDText.random())")
            try Data(repeating: 1, count: 500_000).write(to: file)
        }
        let answer = try await admin.send(.post, "/v2/cache/prune")
        #expect(answer.status == 200)
        #expect(try answer.members == ["total_files_pruned": 1, "total_bytes_pruned": 500_000])
    }

    @Test("/v2/cached_images and /v2/queued_images are what glance-cache-manage uses")
    func olderInterface() async throws {
        let harness = try await ResourceHarness(caches: true)
        let admin = await harness.admin()
        let (one, other) = (
            try await cachedImage(in: harness, by: admin), try await cachedImage(in: harness, by: admin)
        )
        let list = try await admin.send(.get, "/v2/cached_images").members["cached_images"]?.arrayValue
        #expect(Set(list?.compactMap { $0["image_id"]?.stringValue } ?? []) == [one, other])
        let deleted = try await admin.send(.delete, "/v2/cached_images/\(one)")
        #expect(deleted.status == 200)
        #expect(deleted.body == "null")
        #expect(try await admin.send(.delete, "/v2/cached_images").members == ["num_deleted": 1])
        for id in [one, other] {
            let queued = try await admin.send(.put, "/v2/queued_images/\(id)")
            #expect(queued.status == 200)
            #expect(queued.body == "null")
        }
        let queue = try await admin.send(.get, "/v2/queued_images").members["queued_images"]?.arrayValue
        #expect(Set(queue?.compactMap(\.stringValue) ?? []) == [one, other])
        #expect(try await admin.send(.delete, "/v2/queued_images/\(one)").status == 200)
        #expect(try await admin.send(.delete, "/v2/queued_images").members == ["num_deleted": 1])
        // It is allowed by a policy of its own.
        try harness.setPolicies("\"manage_image_cache\": \"!\"\n")
        for route in CacheManagement(service: CacheService(harness.service.common)).routes {
            let path = route.template.replacing("{image_id}", with: one)
            #expect(try await admin.send(route.method, path).status == 403)
        }
    }

    // MARK: Without a cache, without a permission

    @Test("the cache API is 404 unless image_cache_dir is set, and 403 for others than administrators")
    func whoGetsWhat() async throws {
        let harness = try await ResourceHarness()
        let without = try await ResourceHarness(cacheDriver: nil)
        for (harness, status) in [(harness, 403), (without, 403)] {
            let id = try await image(by: await harness.admin())
            for route in Cache(service: CacheService(harness.service.common)).routes {
                let path = route.template.replacing("{image_id}", with: id)
                let answer = try await harness.member(of: "admin").send(route.method, path)
                #expect(answer.status == status, "\(route.method) \(path)")
            }
        }
        let id = try await image(by: await without.admin())
        for route in Cache(service: CacheService(without.service.common)).routes {
            let path = route.template.replacing("{image_id}", with: id)
            #expect(try await without.admin().send(route.method, path).status == 404)
        }
    }

    // MARK: Downloads

    @Test func downloadsFromTheCacheAreAsAnyOthers() async throws {
        let harness = try await ResourceHarness(caches: true)
        let client = await harness.member(of: "p")
        let id = try await image("0123456789", by: client)
        let path = "/v2/images/\(id)/file"
        let miss = try await client.send(.get, path)
        let hit = try await client.send(.get, path)
        for answer in [miss, hit] {
            #expect(answer.status == 200)
            #expect(answer.body == "0123456789")
            #expect(answer.headers[.contentLength] == "10")
        }
        #expect(miss.headers == hit.headers)
        let tag = try #require(hit.headers[.eTag])
        let part = try await client.send(.get, path, headers: [.range: "bytes=2-4"])
        #expect(part.status == 206)
        #expect(part.body == "234")
        #expect(part.headers[.contentRange] == "bytes 2-4/10")
        #expect(try await client.send(.get, path, headers: [.range: "bytes=10-"]).status == 416)
        #expect(try await client.send(.get, path, headers: [.ifNoneMatch: tag]).status == 304)
        #expect(try await client.send(.get, path, headers: [.ifMatch: "\"other\""]).status == 412)
        #expect(
            try await client.send(.get, path, headers: [.ifRange: tag, .range: "bytes=-1"]).body == "9")
        // The bytes come from the cache indeed.
        try Data("abcdefghij".utf8).write(to: URL(filePath: "\(harness.cacheDirectory)/\(id)"))
        #expect(try await client.send(.get, path).body == "abcdefghij")
    }

    @Test("CVE-2013-4428: the download policy counts for cached images, too")
    func policyComesBeforeTheCache() async throws {
        let harness = try await ResourceHarness(caches: true)
        let (owner, stranger) = (await harness.member(of: "p1"), await harness.member(of: "p2"))
        let reader = await harness.reader(of: "p1")
        let id = try await cachedImage(in: harness, by: owner)
        #expect(try await reader.send(.get, "/v2/images/\(id)/file").status == 403)
        #expect(try await stranger.send(.get, "/v2/images/\(id)/file").status == 404)
        try harness.setPolicies("\"download_image\": \"!\"\n")
        #expect(try await owner.send(.get, "/v2/images/\(id)/file").status == 403)
    }

    @Test func deactivatedImagesAreNotServedFromTheCache() async throws {
        let harness = try await ResourceHarness(caches: true)
        let admin = await harness.admin()
        let id = try await cachedImage(in: harness, by: admin)
        try Data("evil".utf8).write(to: URL(filePath: "\(harness.cacheDirectory)/\(id)"))
        #expect(try await admin.send(.post, "/v2/images/\(id)/actions/deactivate").status == 204)
        #expect(try await harness.member(of: "admin").send(.get, "/v2/images/\(id)/file").status == 403)
        #expect(try await admin.send(.get, "/v2/images/\(id)/file").body == "data")
    }

    @Test func deletedImagesLeaveCacheAndQueue() async throws {
        let harness = try await ResourceHarness(caches: true)
        let admin = await harness.admin()
        let (cached, queued) = (try await cachedImage(in: harness, by: admin), try await image(by: admin))
        _ = try await admin.send(.put, "/v2/cache/\(queued)")
        for id in [cached, queued] { #expect(try await admin.send(.delete, "/v2/images/\(id)").status == 204) }
        #expect(!isCached(cached, in: harness))
        #expect(try await lists(admin) == ([], []))
    }

    /// What the cache has comes from no store, whichever is preferred.
    @Test func preferredStoresDoNotMatterToTheCache() async throws {
        let harness = try await ResourceHarness(multiStore: true, caches: true)
        let admin = await harness.admin()
        let id = try await image(by: admin)
        #expect(try await admin.send(.get, "/v2/images/\(id)/file?prefer=nowhere").status == 400)
        #expect(try await admin.send(.get, "/v2/images/\(id)/file").status == 200)
        #expect(try await admin.send(.get, "/v2/images/\(id)/file?prefer=nowhere").body == "data")
    }

    @Test func nothingIsCachedWithoutTheFilter() async throws {
        let harness = try await ResourceHarness()
        let admin = await harness.admin()
        let id = try await image(by: admin)
        #expect(try await admin.send(.get, "/v2/images/\(id)/file").status == 200)
        #expect(!isCached(id, in: harness))
    }
}
