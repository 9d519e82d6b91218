import HTTPTypes
import ImageModel
import Testing

@testable import ImageAPI

/// Whole requests against the image resources, from route to database and store.
@Suite struct ImageResourcesTests {
    private let octets: HTTPFields = [.contentType: "application/octet-stream"]
    private let patch: HTTPFields = [.contentType: "application/openstack-images-v2.1-json-patch"]

    private func newImage(_ client: TestClient, _ attributes: String = "") async throws -> String {
        let body = #"{"disk_format": "raw", "container_format": "bare"\#(attributes)}"#
        let answer = try await client.send(.post, "/v2/images", body: body)
        #expect(answer.status == 201, "\(answer.body)")
        return try #require(try answer.members["id"]?.stringValue)
    }

    @Test func lifeOfAnImage() async throws {
        let client = try await ResourceHarness().member(of: "p1")
        let created = try await client.send(.post, "/v2/images", body: #"{"name": "one", "os_distro": "debian"}"#)
        #expect(created.status == 201)
        let id = try #require(try created.members["id"]?.stringValue)
        #expect(created.headers[.location] == "http://images.example.com/v2/images/\(id)")
        #expect(created.headers[.imageStoreIDs] == nil)
        #expect(try created.members["owner"] == "p1")
        #expect(try created.members["status"] == "queued")

        let shown = try await client.send(.get, "/v2/images/\(id)")
        #expect(shown.status == 200)
        #expect(shown.body == created.body)

        let changed = try await client.send(
            .patch, "/v2/images/\(id)", headers: patch,
            body: #"[{"op": "replace", "path": "/name", "value": "two"}, {"op": "remove", "path": "/os_distro"}]"#)
        #expect(changed.status == 200, "\(changed.body)")
        #expect(try changed.members["name"] == "two")
        #expect(try changed.members["os_distro"] == nil)

        let other = try await client.send(.patch, "/v2/images/\(id)", headers: [.contentType: "text/plain"], body: "[]")
        #expect(other.status == 415)
        #expect(other.headers[.acceptPatch] == ImagePatch.Dialect.accepted)

        #expect(try await client.send(.delete, "/v2/images/\(id)").status == 204)
        #expect(try await client.send(.get, "/v2/images/\(id)").status == 404)
    }

    @Test func malformedBodiesAreTheClientsFault() async throws {
        let client = try await ResourceHarness().member(of: "p1")
        for body in ["", "{", "[]", "7", #"{"name": "\#u{1F600}"}"#, "nul"] {
            #expect(try await client.send(.post, "/v2/images", body: body).status == 400, "\(body)")
        }
        let id = try await newImage(client)
        for body in ["", "{}", "[7]", #"[{"op": "add"}]"#] {
            #expect(try await client.send(.patch, "/v2/images/\(id)", headers: patch, body: body).status == 400)
        }
        #expect(try await client.send(.get, "/v2/images/a%00b").status == 400)
        #expect(try await client.send(.get, "/v2/images?name=%00").status == 400)
        #expect(try await client.send(.get, "/v2/images/\(id)", body: "x").status == 400)
    }

    @Test func dataUpAndDown() async throws {
        let client = try await ResourceHarness().member(of: "p1")
        let id = try await newImage(client)
        let path = "/v2/images/\(id)/file"
        #expect(try await client.send(.get, path).status == 204)
        #expect(try await client.send(.put, path, body: "data").status == 415)
        let uploaded = try await client.send(.put, path, headers: octets, body: "0123456789")
        #expect(uploaded.status == 204, "\(client.log.lines)")
        #expect(try await client.send(.put, path, headers: octets, body: "again").status == 409)

        let whole = try await client.send(.get, path)
        #expect(whole.status == 200)
        #expect(whole.body == "0123456789")
        #expect(whole.headers[.contentLength] == "10")
        #expect(whole.headers[.contentType] == "application/octet-stream")
        #expect(whole.headers[.contentMD5] == "781e5e245d69b566979b86e28d23f2c7")
        let tag = try #require(whole.headers[.eTag])

        let part = try await client.send(.get, path, headers: [.range: "bytes=2-4", .ifRange: tag])
        #expect(part.status == 206)
        #expect(part.body == "234")
        #expect(part.headers[.contentRange] == "bytes 2-4/10")
        #expect(part.headers[.eTag] == tag)

        let unchanged = try await client.send(.get, path, headers: [.ifNoneMatch: tag])
        #expect(unchanged.status == 304)
        #expect(unchanged.bytes.isEmpty)
        #expect(try await client.send(.get, path, headers: [.ifMatch: #""x""#]).status == 412)
        let beyond = try await client.send(.get, path, headers: [.range: "bytes=10-"])
        #expect(beyond.status == 416)
        #expect(beyond.headers[.contentRange] == "bytes */10")
        #expect(try await client.send(.get, path, headers: [.range: "bytes=0-1,2-3"]).status == 400)
        #expect(try await client.send(.get, path + "?prefer=fast").status == 400)

        let shown = try await client.send(.get, "/v2/images/\(id)").members
        #expect(shown["size"] == 10)
        #expect(shown["status"] == "active")
    }

    /// What is in a container is not looked at; of what nobody looks for, nothing is known.
    @Test(
        arguments: [
            ("raw", "bare", 5, 5), ("raw", "bare", 0, nil), ("qcow2", "ovf", 5, nil), ("ami", "ami", 5, nil),
            ("aki", "bare", 5, nil), ("ploop", "bare", 5, nil), ("raw", "ovf", 5, nil), ("raw", "compressed", 5, nil),
        ] as [(String, String, Int, Int64?)])
    func virtualSizes(disk: String, container: String, bytes: Int, expected: Int64?) async throws {
        let client = try await ResourceHarness().member(of: "p1")
        let body = #"{"disk_format": "\#(disk)", "container_format": "\#(container)"}"#
        let created = try await client.send(.post, "/v2/images", body: body)
        let id = try #require(try created.members["id"]?.stringValue, "\(created.body)")
        let uploaded = try await client.send(
            .put, "/v2/images/\(id)/file", headers: octets, body: String(repeating: "x", count: bytes))
        #expect(uploaded.status == 204)
        let image = try await client.send(.get, "/v2/images/\(id)").members
        #expect(image["size"] == .integer(Int64(bytes)))
        #expect(image["virtual_size"] == expected.map { .integer($0) } ?? .null)
    }

    /// Policies tell "no owner" by null.
    @Test func anEmptyOwnerIsNone() async throws {
        let client = try await ResourceHarness().admin()
        let id = try await newImage(client)
        let changed = try await client.send(
            .patch, "/v2/images/\(id)", headers: patch, body: #"[{"op": "replace", "path": "/owner", "value": ""}]"#)
        #expect(changed.status == 200)
        #expect(try await client.send(.get, "/v2/images/\(id)").members["owner"] == .null)
    }

    @Test func quotasHoldInParallel() async throws {
        let client = try await ResourceHarness("image_tag_quota = 5\nimage_property_quota = 3").member(of: "p1")
        let id = try await newImage(client)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<12 {
                group.addTask { try await client.send(.put, "/v2/images/\(id)/tags/t\(number)").status }
                group.addTask { [patch] in
                    try await client.send(
                        .patch, "/v2/images/\(id)", headers: patch,
                        body: #"[{"op": "add", "path": "/p\#(number)", "value": "v"}]"#
                    ).status
                }
            }
            return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
        }
        #expect(statuses == [204: 5, 200: 3, 413: 16])
        let image = try await client.send(.get, "/v2/images/\(id)").members
        #expect(image["tags"]?.arrayValue?.count == 5)
        #expect(image.keys.count { $0.hasPrefix("p") && $0 != "protected" } == 3)
    }

    @Test func deactivatedDataAreForAdministrators() async throws {
        let harness = try await ResourceHarness()
        let (client, admin) = (await harness.member(of: "p1"), await harness.admin())
        let id = try await newImage(client)
        #expect(try await client.send(.put, "/v2/images/\(id)/file", headers: octets, body: "x").status == 204)
        for _ in 0..<2 {
            #expect(try await client.send(.post, "/v2/images/\(id)/actions/deactivate").status == 204)
        }
        #expect(try await client.send(.get, "/v2/images/\(id)/file").status == 403)
        #expect(try await admin.send(.get, "/v2/images/\(id)/file").status == 200)
        #expect(try await client.send(.post, "/v2/images/\(id)/actions/reactivate").status == 204)
        #expect(try await client.send(.get, "/v2/images/\(id)/file").status == 200)
    }

    @Test func severalStores() async throws {
        let client = try await ResourceHarness("show_image_direct_url = true", multiStore: true).member(of: "p1")
        let created = try await client.send(
            .post, "/v2/images", body: #"{"disk_format": "raw", "container_format": "bare"}"#)
        #expect(created.headers[.imageStoreIDs] == "fast,slow,web")
        let id = try #require(try created.members["id"]?.stringValue)
        let path = "/v2/images/\(id)/file"
        var headers = octets
        headers[.imageMetaStore] = "nowhere"
        #expect(try await client.send(.put, path, headers: headers, body: "x").status == 400)
        headers[.imageMetaStore] = "slow"
        #expect(try await client.send(.put, path, headers: headers, body: "x").status == 204)
        let shown = try await client.send(.get, "/v2/images/\(id)").members
        #expect(shown["stores"] == "slow")
        #expect(shown["direct_url"]?.stringValue?.hasPrefix("file://") == true)
        #expect(try await client.send(.get, path + "?prefer=slow,fast").body == "x")
        #expect(try await client.send(.get, path + "?prefer=nowhere").status == 400)
        #expect(try await client.send(.delete, "/v2/stores/slow/\(id)").status == 403)
    }

    @Test func tags() async throws {
        let client = try await ResourceHarness().member(of: "p1")
        let id = try await newImage(client)
        #expect(try await client.send(.put, "/v2/images/\(id)/tags/%C3%A4%20b").status == 204)
        #expect(try await client.send(.get, "/v2/images/\(id)").members["tags"] == ["ä b"])
        #expect(try await client.send(.get, "/v2/images/\(id)/tags/x").status == 405)
        let long = String(repeating: "t", count: 256)
        #expect(try await client.send(.put, "/v2/images/\(id)/tags/\(long)").status == 400)
        #expect(try await client.send(.put, "/v2/images/\(id)/tags/%F0%9F%98%80").status == 400)
        #expect(try await client.send(.delete, "/v2/images/\(id)/tags/%C3%A4%20b").status == 204)
        #expect(try await client.send(.delete, "/v2/images/\(id)/tags/%C3%A4%20b").status == 404)
    }

    @Test func members() async throws {
        let harness = try await ResourceHarness()
        let (owner, guest) = (await harness.member(of: "p1"), await harness.member(of: "p2"))
        let id = try await newImage(owner)
        let path = "/v2/images/\(id)/members"
        #expect(try await guest.send(.get, path).status == 404)
        let added = try await owner.send(.post, path, body: #"{"member": "p2"}"#)
        #expect(added.status == 200)
        #expect(try added.members["status"] == "pending")
        #expect(try added.members["schema"] == "/v2/schemas/member")
        #expect(try await owner.send(.post, path, body: #"{"member": "p2"}"#).status == 409)
        #expect(try await owner.send(.post, path, body: #"{"member": ""}"#).status == 400)
        #expect(try await owner.send(.put, path + "/p2", body: #"{"status": "accepted"}"#).status == 403)
        #expect(try await guest.send(.put, path + "/p2", body: #"{"status": "maybe"}"#).status == 400)
        let accepted = try await guest.send(.put, path + "/p2", body: #"{"status": "accepted"}"#)
        #expect(accepted.status == 200)
        #expect(try accepted.members["status"] == "accepted")
        let list = try await owner.send(.get, path).members
        #expect(list["schema"] == "/v2/schemas/members")
        #expect(list["members"]?.arrayValue?.map { $0.objectValue?["member_id"] } == ["p2"])
        #expect(try await guest.send(.get, path + "/p2").status == 200)
        #expect(try await owner.send(.delete, path + "/p2").status == 204)
        #expect(try await owner.send(.get, path + "/p2").status == 404)
    }

    @Test func pagesKeepRepeatedParameters() async throws {
        let client = try await ResourceHarness().member(of: "p1")
        var expected: Set<String> = []
        for number in 0..<5 {
            expected.insert(try await newImage(client, #", "name": "n\#(number % 2)", "tags": ["a", "b c"]"#))
        }
        _ = try await newImage(client, #", "tags": ["a"]"#)
        _ = try await newImage(client, #", "tags": ["b c"]"#)

        var seen: [String] = []
        var path: String? = "/v2/images?tag=a&tag=b+c&limit=2&sort=name:asc"
        while let next = path {
            let page = try await client.send(.get, next).members
            #expect(page["schema"] == "/v2/schemas/images")
            #expect(page["first"] == "/v2/images?tag=a&tag=b+c&limit=2&sort=name%3Aasc")
            seen += page["images"]?.arrayValue?.compactMap { $0.objectValue?["id"]?.stringValue } ?? []
            path = page["next"]?.stringValue
            try #require(seen.count <= 5)
        }
        #expect(seen.count == 5)
        #expect(Set(seen) == expected)
        let empty = try await client.send(.get, "/v2/images?limit=0").members
        #expect(empty["images"] == [])
        #expect(empty["next"] == nil)
        #expect(try await client.send(.get, "/v2/images?marker=unknown").status == 400)
    }

    @Test func schemasAreServed() async throws {
        let client = try await ResourceHarness().member(of: "p1")
        let image = try await client.send(.get, "/v2/schemas/image").members
        let images = try await client.send(.get, "/v2/schemas/images").members
        #expect(images["properties"]?.objectValue?["images"]?.objectValue?["items"] == .object(image))
        #expect(try await client.send(.get, "/v2/schemas/metadefs/namespace").status == 200)
        #expect(try await client.send(.get, "/v2/schemas/image", body: "x").status == 400)
        #expect(try await client.send(.post, "/v2/schemas/image").status == 405)
    }
}
