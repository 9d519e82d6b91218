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
}
