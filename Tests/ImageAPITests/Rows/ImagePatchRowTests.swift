import Foundation
import HTTPTypes
import ImageModel
import JSON
import Testing

@testable import ImageAPI
@testable import ImageService

/// `PATCH /v2/images/{id}`: operations, refusals, and locations.
@Suite struct ImagePatchRowTests {
    /// One operation on an image that has the property `there`, in both notations.
    struct Operation: Sendable, CustomTestStringConvertible {
        let verb: String
        let name: String
        let status: Int
        let oldStatus: Int
        /// The property afterwards, in the new notation.
        let value: JSONValue?

        init(_ verb: String, _ name: String, _ status: Int, old: Int, _ value: JSONValue?) {
            (self.verb, self.name, self.status, oldStatus, self.value) = (verb, name, status, old, value)
        }

        var testDescription: String { "\(verb) a property that is \(name): \(status), in version 2.0 \(oldStatus)" }
    }

    @Test(arguments: [
        Operation("add", "there", 200, old: 409, "new"), Operation("add", "missing", 200, old: 200, "new"),
        Operation("replace", "there", 200, old: 200, "new"), Operation("replace", "missing", 409, old: 409, nil),
        Operation("remove", "there", 200, old: 200, nil), Operation("remove", "missing", 409, old: 409, nil),
    ])
    func operation(_ row: Operation) async throws {
        let site = try await RowSite()
        let ids = [try await site.queued(#", "there": "old""#), try await site.queued(#", "there": "old""#)]
        try await site.owner.patch(
            row.status, ids[0], #"{"op": "\#(row.verb)", "path": "/\#(row.name)", "value": "new"}"#)
        #expect(try await site.shown(row.name, of: ids[0]) == row.value)
        try await site.owner.patch(
            row.oldStatus, ids[1], #"{"\#(row.verb)": "/\#(row.name)", "value": "new"}"#, headers: .oldPatch)
    }

    static let rows: [Row] = [
        Row("PATCH: 200 with the image; an empty list changes nothing") { site in
            let id = try await site.queued()
            let before = try await site.owner.expect(200, .get, "/v2/images/\(id)").body
            #expect(try await site.owner.patch(200, id, "").body == before)
            let answer = try await site.owner.patch(200, id, #"{"op": "replace", "path": "/name", "value": "n"}"#)
            #expect(answer["name"] == "n")
            #expect(try await site.owner.expect(200, .get, "/v2/images/\(id)").body == answer.body)
        },
        Row("PATCH: 415 with Accept-Patch for other media types") { site in
            let id = try await site.queued()
            for type in [nil, "application/json", "application/json-patch+json"] as [String?] {
                var headers: HTTPFields = [:]
                headers[.contentType] = type
                let answer = try await site.owner.patch(415, id, "", headers: headers)
                #expect(
                    answer.headers[.acceptPatch]
                        == "application/openstack-images-v2.0-json-patch, application/openstack-images-v2.1-json-patch")
            }
        },
        Row("PATCH: ~0 and ~1 are ~ and /") { site in
            let id = try await site.queued()
            try await site.owner.patch(200, id, #"{"op": "add", "path": "/a~1b~0c", "value": "v"}"#)
            #expect(try await site.shown("a/b~c", of: id) == "v")
        },
        Row("PATCH: 400 for what is no list of operations") { site in
            let path = "/v2/images/\(try await site.queued())"
            for body in [
                "", "{}", "1", "[1]", "[{}]", #"[{"op": "test", "path": "/name", "value": "n"}]"#,
                #"[{"op": "move", "path": "/name", "from": "/x"}]"#,
                #"[{"op": "copy", "path": "/name", "from": "/x"}]"#,
                #"[{"op": "add", "value": "x"}]"#, #"[{"op": "add", "path": "/x"}]"#,
                #"[{"op": "add", "path": "x", "value": "x"}]"#, #"[{"op": "add", "path": "/a~2", "value": "x"}]"#,
            ] {
                try await site.owner.expect(400, .patch, path, headers: .patch, body: body)
            }
        },
        Row("PATCH: 400 for values that an attribute cannot have, and for paths with too many parts") { site in
            let id = try await site.queued()
            for (path, value) in [
                ("/p", "1"), ("/p", "null"), ("/visibility", #""none""#), ("/disk_format", #""none""#),
                ("/container_format", #""none""#), ("/min_disk", "-1"), ("/min_ram", "2147483648"), ("/name", "1"),
                ("/protected", #""yes""#), ("/tags", #""t""#), ("/p/q", #""v""#), ("/tags/0", #""t""#),
                ("/name", #""\#(String(repeating: "n", count: 256))""#),
            ] {
                try await site.owner.patch(400, id, #"{"op": "add", "path": "\#(path)", "value": \#(value)}"#)
            }
        },
        Row("PATCH: 403 for an image of another project that the caller sees, and for a reader") { site in
            let id = try await site.queued(#", "visibility": "community""#)
            for client in [site.stranger, site.reader] {
                try await client.patch(403, id, #"{"op": "replace", "path": "/name", "value": "n"}"#)
            }
            #expect(try await site.shown("name", of: id) == .null)
        },
        Row("PATCH: 404 for an image that the caller does not see, or that is not there") { site in
            let change = #"{"op": "replace", "path": "/name", "value": "n"}"#
            try await site.stranger.patch(404, try await site.queued(), change)
            try await site.owner.patch(404, "none", change)
        },
        Row("PATCH: 403 to make an image public, but for administrators") { site in
            let id = try await site.queued()
            for verb in ["add", "replace"] {
                let change = #"{"op": "\#(verb)", "path": "/visibility", "value": "public"}"#
                try await site.owner.patch(403, id, change)
                #expect(try await site.shown("visibility", of: id) == "shared")
            }
            try await site.admin.patch(200, id, #"{"op": "add", "path": "/visibility", "value": "public"}"#)
        },
        Row("PATCH: 403 to make it a community image where the policy says so") { site in
            let id = try await site.queued()
            let change = #"{"op": "add", "path": "/visibility", "value": "community"}"#
            try site.harness.setPolicies("\"communitize_image\": \"rule:context_is_admin\"\n")
            try await site.owner.patch(403, id, change)
            try await site.admin.patch(200, id, change)
        },
        Row("PATCH: 403 to change the owner, by whatever operation, but for administrators") { site in
            let id = try await site.queued()
            for operation in [
                #"{"op": "add", "path": "/owner", "value": "theirs"}"#,
                #"{"op": "replace", "path": "/owner", "value": "theirs"}"#,
                #"{"op": "replace", "path": "/owner", "value": null}"#,
                #"{"op": "add", "path": "/owner", "value": ""}"#,
            ] {
                try await site.owner.patch(403, id, operation)
                #expect(try await site.shown("owner", of: id) == "ours")
            }
            try await site.owner.patch(403, id, #"{"replace": "/owner", "value": "theirs"}"#, headers: .oldPatch)
            try await site.admin.patch(200, id, #"{"op": "add", "path": "/owner", "value": "theirs"}"#)
            #expect(try await site.shown("owner", of: id) == "theirs")
        },
        Row("PATCH: 403 for a format of an image that is not queued") { site in
            let id = try await site.active()
            for name in ["disk_format", "container_format"] {
                try await site.owner.patch(403, id, #"{"op": "replace", "path": "/\#(name)", "value": "ami"}"#)
            }
            let queued = try await site.queued()
            try await site.owner.patch(200, queued, #"{"op": "replace", "path": "/disk_format", "value": "iso"}"#)
        },
        Row(
            "PATCH: 413 beyond the quotas of properties and tags",
            options: "image_property_quota = 1\nimage_tag_quota = 1"
        ) {
            let id = try await $0.queued(#", "p": "v", "tags": ["t"]"#)
            try await $0.owner.patch(413, id, #"{"op": "add", "path": "/q", "value": "v"}"#)
            try await $0.owner.patch(413, id, #"{"op": "replace", "path": "/tags", "value": ["t", "u"]}"#)
            let other = #"{"op": "remove", "path": "/p"}, {"op": "add", "path": "/q", "value": "v"}"#
            try await $0.owner.patch(200, id, other)
        },
        Row("PATCH: a refused list changes nothing") { site in
            let id = try await site.queued(#", "p": "v""#)
            let before = try await site.owner.expect(200, .get, "/v2/images/\(id)").body
            for (status, refused) in [
                (403, #"{"op": "add", "path": "/owner", "value": "theirs"}"#),
                (403, #"{"op": "replace", "path": "/visibility", "value": "public"}"#),
                (409, #"{"op": "remove", "path": "/none"}"#), (403, #"{"op": "remove", "path": "/name"}"#),
            ] {
                let good = #"{"op": "replace", "path": "/name", "value": "n"}, {"op": "remove", "path": "/p"}"#
                try await site.owner.patch(status, id, good + ", " + refused)
                #expect(try await site.owner.expect(200, .get, "/v2/images/\(id)").body == before)
            }
        },
    ]

    @Test(arguments: rows) func row(_ row: Row) async throws { try await row.run() }

    // MARK: Locations

    private static let shown = "show_multiple_locations = true"
    /// Nobody may listen there, so the size stays unknown.
    private static let url = "http://127.0.0.1:9/a"

    private static func location(_ url: String, _ more: String = "") -> String {
        #"{"url": "\#(url)", "metadata": {}\#(more)}"#
    }

    private static func add(_ url: String, at position: String = "-", _ more: String = "") -> String {
        #"{"op": "add", "path": "/locations/\#(position)", "value": \#(location(url, more))}"#
    }

    private static func urls(_ site: RowSite, _ id: String) async throws -> [String] {
        try #require(try await site.harness.service.database.images.find(id)).locations.map(\.url)
    }

    /// An image whose data are at two places outside.
    private static func withTwo(_ site: RowSite) async throws -> String {
        let id = try await site.queued()
        try await site.owner.patch(200, id, add(url) + ", " + add(url + "2"))
        return id
    }

    static let locations: [Row] = [
        Row("PATCH of locations: 403 while show_multiple_locations is off", isMultiStore: true) { site in
            let id = try await site.queued()
            try await site.owner.patch(403, id, add(url))
            try await site.owner.patch(
                403, id, #"{"op": "replace", "path": "/locations", "value": [\#(location(url))]}"#)
            let two = try await site.inTwoStores()
            try await site.admin.patch(403, two, #"{"op": "remove", "path": "/locations/0"}"#)
        },
        Row("PATCH add /locations/-: the first one makes a queued image active", options: shown, isMultiStore: true) {
            site in
            let id = try await site.queued()
            let answer = try await site.owner.patch(200, id, add(url))
            #expect(answer["status"] == "active" && answer["stores"] == "web")
            #expect(answer["locations"]?.arrayValue?.map { $0["url"] } == [.string(url)])
        },
        Row("PATCH add /locations/<n>: there, or at the end", options: shown, isMultiStore: true) { site in
            let id = try await withTwo(site)
            let answer = try await site.owner.patch(
                200, id, add(url + "3", at: "0") + ", " + add(url + "4", at: "99"))
            let expected = [url + "3", url, url + "2", url + "4"]
            #expect(answer.texts("locations", "url") == expected)
            #expect(try await urls(site, id).sorted() == expected.sorted())
        },
        Row(
            "PATCH add of a location: 400 for restricted schemes, unknown ones and duplicates", options: shown,
            isMultiStore: true
        ) {
            site in
            let id = try await withTwo(site)
            for bad in ["file:///etc/passwd", "filesystem:///x", "swift+config://a/b/c", "none://x", "x", url] {
                try await site.owner.patch(400, id, add(bad))
            }
            #expect(try await urls(site, id).count == 2)
        },
        Row("PATCH of locations: 409 in other states", options: shown, isMultiStore: true) { site in
            for id in [
                try await site.image(in: .importing), try await site.image(in: .saving), try await site.deactivated(),
            ] {
                try await site.admin.patch(409, id, add(url))
                let replacement = #"{"op": "replace", "path": "/locations", "value": [\#(location(url))]}"#
                try await site.admin.patch(409, id, replacement)
                try await site.admin.patch(409, id, #"{"op": "remove", "path": "/locations/0"}"#)
            }
            let queued = try await site.queued()
            try await site.admin.patch(409, queued, #"{"op": "remove", "path": "/locations/0"}"#)
        },
        Row(
            "PATCH replace /locations: while there are none, or with the same URLs; else 400", options: shown,
            isMultiStore: true
        ) {
            site in
            let id = try await site.queued()
            func replace(_ locations: String) -> String {
                #"{"op": "replace", "path": "/locations", "value": [\#(locations)]}"#
            }
            #expect(try await site.owner.patch(200, id, replace(location(url)))["status"] == "active")
            let noted = #"{"url": "\#(url)", "metadata": {"note": "x"}}"#
            let answer = try await site.owner.patch(200, id, replace(noted))
            #expect(answer["locations"]?.arrayValue?.first?["metadata"]?["note"] == "x")
            let other = try await site.owner.patch(400, id, replace(location(url + "2")))
            #expect(other.body.contains("Original locations is not empty"))
            try await site.owner.patch(403, id, replace(""))
            #expect(try await urls(site, id) == [url])
        },
        Row("PATCH remove /locations/<n>: its data go, the last one stays: 403", options: shown, isMultiStore: true) {
            site in
            let id = try await site.inTwoStores()
            try await site.admin.patch(400, id, #"{"op": "remove", "path": "/locations/2"}"#)
            try await site.owner.patch(403, id, #"{"op": "remove", "path": "/locations/0"}"#)
            #expect(site.storedFiles.count == 2)
            try await site.admin.patch(200, id, #"{"op": "remove", "path": "/locations/0"}"#)
            #expect(site.storedFiles.count == 1)
            try await site.admin.patch(403, id, #"{"op": "remove", "path": "/locations/0"}"#)
            #expect(try await site.owner.expect(200, .get, "/v2/images/\(id)/file").body == "0123456789")
        },
        Row(
            "PATCH of locations: 413 beyond image_location_quota", options: shown + "\nimage_location_quota = 2",
            isMultiStore: true
        ) {
            site in
            let id = try await withTwo(site)
            try await site.owner.patch(413, id, add(url + "3"))
        },
        Row(
            "PATCH of locations: validation_data become the hashes, or must be them: 409", options: shown,
            isMultiStore: true
        ) {
            site in
            let (one, two) = (String(repeating: "a", count: 128), String(repeating: "b", count: 128))
            func data(_ hash: String) -> String {
                #", "validation_data": {"os_hash_algo": "sha512", "os_hash_value": "\#(hash)"}"#
            }
            let id = try await site.queued()
            let answer = try await site.owner.patch(200, id, add(url, at: "-", data(one)))
            #expect(answer["os_hash_value"] == .string(one) && answer["os_hash_algo"] == "sha512")
            #expect(answer["locations"]?.arrayValue?.first?["validation_data"] == nil)
            try await site.owner.patch(409, id, add(url + "2", at: "-", data(two)))
            try await site.owner.patch(200, id, add(url + "2", at: "-", data(one)))
        },
    ]

    @Test(arguments: locations) func location(_ row: Row) async throws { try await row.run() }
}
