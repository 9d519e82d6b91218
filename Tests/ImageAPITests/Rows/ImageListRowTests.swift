import Foundation
import HTTPTypes
import ImageModel
import JSON
import Testing

@testable import ImageAPI
@testable import ImageService

/// `GET /v2/images`: the table of its parameters, and who sees what.
@Suite struct ImageListRowTests {
    /// A parameter, and what queries with it find among four images.
    struct Parameter: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Names in any order; nil is 400.
        let queries: [(query: String, found: Set<String>?)]

        init(_ text: String, _ queries: (query: String, found: Set<String>?)...) {
            testDescription = text
            self.queries = queries
        }
    }

    /// Names of the images that a query finds, in their order.
    private static func names(_ client: TestClient, _ query: String) async throws -> [String] {
        try await client.expect(200, .get, "/v2/images?" + query).texts("images", "name")
    }

    /// `a`: queued; `b` and `c`: active, of four and six bytes; `d`: hidden; all of one project.
    private static func four(_ site: RowSite) async throws {
        let raw = #", "disk_format": "raw", "container_format": "bare""#
        for body in [
            #"{"name": "a", "min_ram": 1, "tags": ["x"], "p": "v", "visibility": "private"}"#,
            #"{"name": "b", "min_ram": 2, "min_disk": 5, "tags": ["x", "y"], "protected": true\#(raw)}"#,
            #"{"name": "c", "id": "4b1f2f04-9f6c-4d2f-9d2c-0b0f3a7e9d11", "visibility": "community"\#(raw)}"#,
            #"{"name": "d", "os_hidden": true}"#,
        ] {
            let image = try await site.owner.expect(201, .post, "/v2/images", body: body)
            let id = try #require(image["id"]?.stringValue)
            let data = ["b": "data", "c": "abcdef"][image["name"]?.stringValue ?? ""]
            guard let data else { continue }
            try await site.owner.expect(204, .put, "/v2/images/\(id)/file", headers: .octets, body: data)
        }
    }

    private static let all: Set = ["a", "b", "c"]

    @Test(arguments: [
        Parameter("no parameter: all but hidden ones", ("", all)),
        Parameter(
            "limit: 400 unless a number of at least 0; 0 gives an empty page", ("limit=abc", nil), ("limit=-1", nil),
            ("limit=0", []), ("limit=9999", all)),
        Parameter(
            "marker: what comes behind that image; 400 for one that is not there", ("marker=none", nil),
            ("marker=4b1f2f04-9f6c-4d2f-9d2c-0b0f3a7e9d12", nil),
            ("marker=4b1f2f04-9f6c-4d2f-9d2c-0b0f3a7e9d11&sort=name:desc", ["a", "b"])),
        Parameter(
            "sort_key, sort_dir: known ones, one direction or as many as keys; else 400", ("sort_key=none", nil),
            ("sort_dir=up", nil), ("sort_key=name&sort_dir=asc&sort_dir=desc", nil),
            ("sort_key=name&sort_key=id&sort_dir=asc", all), ("sort_key=status&sort_key=container_format", all),
            ("sort_key=disk_format&sort_key=size&sort_key=created_at&sort_key=updated_at", all)),
        Parameter(
            "sort: keys with directions; 400 for unknown ones, and beside sort_key", ("sort=name:asc,size:desc", all),
            ("sort=none:asc", nil), ("sort=name:up", nil), ("sort_key=name&sort=name:asc", nil),
            ("sort_dir=asc&sort=name:asc", nil)),
        Parameter(
            "visibility: 400 for another", ("visibility=private", ["a"]), ("visibility=shared", ["b"]),
            ("visibility=community", ["c"]), ("visibility=public", []), ("visibility=all", all),
            ("visibility=none", nil)),
        Parameter(
            "member_status: 400 for another", ("member_status=pending", all), ("member_status=accepted", all),
            ("member_status=rejected", all), ("member_status=all", all), ("member_status=none", nil)),
        Parameter(
            "os_hidden, protected: 400 unless true or false", ("os_hidden=true", ["d"]), ("os_hidden=false", all),
            ("os_hidden=maybe", nil), ("protected=true", ["b"]), ("protected=false", ["a", "c"]),
            ("protected=maybe", nil)),
        Parameter(
            "owner, name, id, status, formats, hashes: equality", ("owner=ours", all), ("owner=theirs", []),
            ("name=b", ["b"]), ("id=4b1f2f04-9f6c-4d2f-9d2c-0b0f3a7e9d11", ["c"]), ("status=active", ["b", "c"]),
            ("disk_format=raw", ["b", "c"]), ("container_format=bare", ["b", "c"]),
            ("checksum=8d777f385d3dfec8815d20f7496026dc", ["b"]), ("os_hash_algo=sha512", ["b", "c"]),
            ("os_hash_value=none", [])),
        Parameter(
            "in: and eq:, no other operators", ("name=in:a,c", ["a", "c"]), (#"name=in:"a",none"#, ["a"]),
            ("name=eq:a", ["a"]), ("name=neq:a", nil), ("status=in:queued,active", all),
            ("id=in:4b1f2f04-9f6c-4d2f-9d2c-0b0f3a7e9d11", ["c"]), ("disk_format=in:raw,iso", ["b", "c"]),
            ("container_format=in:bare", ["b", "c"]), (#"name=in:"a"#, nil), ("owner=in:ours", [])),
        Parameter(
            "created_at, updated_at: six operators and a time; else 400", ("created_at=gte:2026-01-01T00:00:00Z", all),
            ("created_at=lt:2000-01-01T00:00:00Z", []), ("updated_at=neq:2000-01-01T00:00:00Z", all),
            ("updated_at=gt:2000-01-01T00:00:00", all), ("updated_at=lte:2000-01-01T00:00:00Z", []),
            ("created_at=eq:2000-01-01T00:00:00Z", []), ("created_at=gt:yesterday", nil),
            ("created_at=in:2000-01-01T00:00:00Z", nil)),
        Parameter(
            "size_min, size_max, min_ram_min and so on: bounds; 400 unless a number", ("size_min=5", ["c"]),
            ("size_max=4", ["b"]), ("min_ram_min=1&min_ram_max=1", ["a"]), ("min_disk_min=5", ["b"]),
            ("min_disk_max=4", ["a", "c"]), ("size_min=many", nil), ("foo_min=1", nil), ("foo_max=1", nil)),
        Parameter("tag: all that are named", ("tag=x", ["a", "b"]), ("tag=x&tag=y", ["b"]), ("tag=z", [])),
        Parameter("changes-since: 400", ("changes-since=2026-01-01T00:00:00Z", nil)),
        Parameter(
            "properties, locations, members, tags: 400", ("properties=x", nil), ("locations=x", nil),
            ("members=x", nil), ("tags=ab", nil)),
        Parameter("another name: the custom property", ("p=v", ["a"]), ("p=w", []), ("none=v", [])),
    ])
    func parameter(_ parameter: Parameter) async throws {
        let site = try await RowSite()
        try await Self.four(site)
        for (query, found) in parameter.queries {
            let path = "/v2/images?" + query.replacing("\"", with: "%22")
            let answer = try await site.owner.expect(found == nil ? 400 : 200, .get, path)
            guard let found else { continue }
            #expect(answer["schema"] == "/v2/schemas/images")
            #expect(answer["first"]?.stringValue?.hasPrefix("/v2/images") == true)
            #expect(answer.texts("images", "name").sorted() == found.sorted(), "\(query)")
        }
    }

    static let pages: [Row] = [
        Row("limit: limit_param_default, at most api_limit_max", options: "limit_param_default = 2\napi_limit_max = 3")
        {
            for name in 1...4 { _ = try await $0.queued(#", "name": "\#(name)""#) }
            #expect(try await names($0.owner, "").count == 2)
            #expect(try await names($0.owner, "limit=1").count == 1)
            #expect(try await names($0.owner, "limit=100").count == 3)
        },
        Row("next: only when the page is full, and it leads on") { site in
            for name in 1...4 { _ = try await site.queued(#", "name": "\#(name)", "tags": ["a", "b"]"#) }
            let first = try await site.owner.expect(200, .get, "/v2/images?tag=a&tag=b&sort=name:asc&limit=3")
            #expect(first["first"] == "/v2/images?tag=a&tag=b&sort=name%3Aasc&limit=3")
            let next = try #require(first["next"]?.stringValue)
            #expect(next.contains("tag=a&tag=b") && next.contains("marker="))
            let second = try await site.owner.expect(200, .get, next)
            #expect(second.texts("images", "name") == ["4"] && second["next"] == nil)
        },
        Row("sorting: created_at descending without parameters; by several keys in their directions") { site in
            for (name, ram) in [("a", 1), ("b", 1), ("a", 2)] {
                _ = try await site.queued(#", "name": "\#(name)", "min_ram": \#(ram), "p": "\#(name)\#(ram)""#)
            }
            func order(_ query: String) async throws -> [String] {
                try await site.owner.expect(200, .get, "/v2/images?" + query).texts("images", "p")
            }
            #expect(try await order("sort_dir=asc") == order("").reversed())
            #expect(try await order("sort=name:asc,created_at:asc") == ["a1", "a2", "b1"])
            #expect(
                try await order("sort_key=name&sort_dir=desc&sort_key=created_at&sort_dir=asc") == ["b1", "a1", "a2"])
        },
        Row("marker: 400 for an image that the caller does not see") { site in
            let id = try await site.queued()
            try await site.stranger.expect(400, .get, "/v2/images?marker=\(id)")
        },
        Row("in: a value with a comma") { site in
            for name in ["a,b", "c"] { _ = try await site.queued(#", "name": "\#(name)""#) }
            #expect(try await names(site.owner, "name=in:%22a,b%22,d") == ["a,b"])
        },
    ]

    @Test(arguments: pages) func page(_ row: Row) async throws { try await row.run() }

    // MARK: Who sees what

    static let views: [Row] = [
        Row("own images in every visibility, but no community image of others") { site in
            for name in ["private", "shared", "community"] {
                _ = try await site.queued(#", "name": "\#(name)", "visibility": "\#(name)""#)
            }
            #expect(try await names(site.owner, "sort=name:asc") == ["community", "private", "shared"])
            #expect(try await names(site.stranger, "") == [])
            for query in ["visibility=community", "visibility=all"] {
                #expect(try await names(site.stranger, query) == ["community"])
            }
        },
        Row("public images of others") { site in
            _ = try await site.queued(#", "name": "n", "visibility": "public""#, by: site.admin)
            #expect(try await names(site.stranger, "") == ["n"])
            #expect(try await names(site.stranger, "visibility=public") == ["n"])
        },
        Row("shared images where the caller has the member_status that is asked for") { site in
            let id = try await site.queued(#", "name": "n""#)
            try await site.owner.expect(200, .post, "/v2/images/\(id)/members", body: #"{"member": "theirs"}"#)
            #expect(try await names(site.stranger, "") == [])
            for status in ["pending", "rejected", "accepted"] {
                let body = #"{"status": "\#(status)"}"#
                try await site.stranger.expect(200, .put, "/v2/images/\(id)/members/theirs", body: body)
                for asked in ["pending", "rejected", "accepted"] {
                    let found = try await names(site.stranger, "member_status=\(asked)")
                    #expect(found == (asked == status ? ["n"] : []))
                }
                #expect(try await names(site.stranger, "member_status=all") == ["n"])
            }
            #expect(try await names(site.stranger, "") == ["n"])
        },
        Row("everything for administrators, but no community image of others unless asked for") { site in
            for name in ["private", "shared"] {
                _ = try await site.queued(#", "name": "\#(name)", "visibility": "\#(name)""#)
            }
            #expect(try await names(site.admin, "sort=name:asc") == ["private", "shared"])
        },
        Row("no deleted images, whatever is asked for", options: "delayed_delete = true") { site in
            for id in [try await site.active(), try await site.queued()] {
                try await site.owner.expect(204, .delete, "/v2/images/\(id)")
            }
            for query in ["", "status=deleted", "status=pending_delete", "deleted=true", "visibility=all"] {
                for client in [site.owner, site.admin] {
                    #expect(try await client.expect(200, .get, "/v2/images?" + query)["images"] == [], "\(query)")
                }
            }
        },
        Row("hidden images only with os_hidden=true, for their owner, too") { site in
            _ = try await site.queued(#", "name": "n", "os_hidden": true"#)
            for client in [site.owner, site.admin] {
                #expect(try await names(client, "") == [])
                #expect(try await names(client, "os_hidden=true") == ["n"])
            }
        },
    ]

    @Test(arguments: views) func view(_ row: Row) async throws { try await row.run() }
}
