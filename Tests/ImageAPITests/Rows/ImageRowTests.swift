import Foundation
import HTTPTypes
import ImageModel
import JSON
import Testing

@testable import ImageAPI
@testable import ImageService

/// `/v2/images` and `/v2/images/{id}`: what images look like, how they are made, shown and deleted.
@Suite struct ImageRowTests {
    // MARK: Representation

    /// A field of an image: what it says of a queued one, and of an active one.
    struct Field: Sendable, CustomTestStringConvertible {
        let name: String
        /// Nil where the field is not there.
        let queued: JSONValue?
        /// Nil where any text will do.
        let active: JSONValue?

        init(_ name: String, _ queued: JSONValue?, _ active: JSONValue?) {
            (self.name, self.queued, self.active) = (name, queued, active)
        }

        var testDescription: String { name }
    }

    private static let uuid = "4b1f2f04-9f6c-4d2f-9d2c-0b0f3a7e9d11"

    @Test(
        "each field of an image",
        arguments: [
            Field("id", .string(uuid), .string(uuid)), Field("name", .null, "n"), Field("status", "queued", "active"),
            Field("visibility", "shared", "private"), Field("protected", false, true), Field("os_hidden", false, true),
            Field("checksum", .null, "8d777f385d3dfec8815d20f7496026dc"), Field("os_hash_algo", .null, "sha512"),
            Field("owner", "ours", "ours"), Field("size", .null, 4), Field("virtual_size", .null, 4),
            Field("container_format", .null, "bare"), Field("disk_format", .null, "raw"), Field("tags", [], ["t"]),
            Field("min_ram", 0, 2_147_483_647), Field("min_disk", 0, 1), Field("any_property", nil, "text"),
            Field("self", .string("/v2/images/\(uuid)"), .string("/v2/images/\(uuid)")),
            Field("file", .string("/v2/images/\(uuid)/file"), .string("/v2/images/\(uuid)/file")),
            Field("schema", "/v2/schemas/image", "/v2/schemas/image"), Field("stores", nil, "fast"),
            Field("direct_url", nil, nil), Field("locations", [], nil),
        ])
    func field(_ field: Field) async throws {
        let options = "show_image_direct_url = true\nshow_multiple_locations = true"
        let site = try await RowSite(options, isMultiStore: true)
        let bare = try await site.owner.expect(201, .post, "/v2/images", body: #"{"id": "\#(Self.uuid)"}"#)
        #expect(bare[field.name] == field.queued)
        let full = """
            [{"op": "add", "path": "/name", "value": "n"}, {"op": "add", "path": "/visibility", "value": "private"},
            {"op": "add", "path": "/protected", "value": true}, {"op": "add", "path": "/os_hidden", "value": true},
            {"op": "add", "path": "/container_format", "value": "bare"},
            {"op": "add", "path": "/disk_format", "value": "raw"}, {"op": "add", "path": "/tags", "value": ["t"]},
            {"op": "add", "path": "/min_ram", "value": 2147483647}, {"op": "add", "path": "/min_disk", "value": 1},
            {"op": "add", "path": "/any_property", "value": "text"}]
            """
        let path = "/v2/images/\(Self.uuid)"
        try await site.owner.expect(200, .patch, path, headers: .patch, body: full)
        try await site.owner.expect(204, .put, path + "/file", headers: .octets, body: "data")
        let shown = try await site.owner.expect(200, .get, path)
        switch (field.name, field.active) {
        case (_, let value?): #expect(shown[field.name] == value)
        case ("direct_url", _): #expect(shown["direct_url"]?.stringValue?.hasPrefix("file://") == true)
        default:
            #expect(shown["locations"]?.arrayValue?.map { $0["metadata"] } == [["store": "fast"]])
            #expect(shown["locations"]?.arrayValue?.first?["url"] == shown["direct_url"])
        }
    }

    @Test("os_hash_value, created_at and updated_at: a hash, and times in UTC")
    func hashesAndTimes() async throws {
        let site = try await RowSite()
        let image = try await site.owner.expect(200, .get, "/v2/images/\(try await site.active())")
        #expect(image["os_hash_value"]?.stringValue?.wholeMatch(of: #/[0-9a-f]{128}/#) != nil)
        for name in ["created_at", "updated_at"] {
            let time = try #require(image[name]?.stringValue)
            #expect(time.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/#) != nil, "\(name)")
        }
    }

    @Test("locations, direct_url and stores: absent unless the configuration shows them")
    func hiddenLocations() async throws {
        let site = try await RowSite()
        let image = try await site.owner.expect(200, .get, "/v2/images/\(try await site.active())").members
        for name in ["locations", "direct_url", "stores"] { #expect(image[name] == nil, "\(name)") }
    }

    @Test("read-only attributes: 403, when they are created and when they are changed")
    func readOnly() async throws {
        let site = try await RowSite("show_multiple_locations = true")
        for name in [
            "created_at", "updated_at", "checksum", "direct_url", "self", "file", "schema", "os_hash_algo",
            "os_hash_value",
        ] {
            try await expectForbidden(site, name, #""2026-01-01T00:00:00Z""#, reason: "is read-only.")
        }
        for name in ["size", "virtual_size"] { try await expectForbidden(site, name, "1", reason: "is read-only.") }
        try await expectForbidden(site, "status", #""active""#, reason: "is read-only.")
    }

    @Test("reserved attributes: 403, when they are created and when they are changed")
    func reserved() async throws {
        let site = try await RowSite()
        for name in ["location", "deleted", "deleted_at", "os_glance_anything"] {
            try await expectForbidden(site, name, #""x""#, reason: "is reserved.")
        }
    }

    private func expectForbidden(_ site: RowSite, _ name: String, _ value: String, reason: String) async throws {
        for client in [site.owner, site.admin] {
            let made = try await client.expect(403, .post, "/v2/images", body: #"{"\#(name)": \#(value)}"#)
            #expect(made.body.contains("Attribute '\(name)' \(reason)"))
            let id = try await site.queued()
            let before = try await site.owner.expect(200, .get, "/v2/images/\(id)").body
            for operation in ["add", "replace", "remove"] {
                let changed = try await client.patch(
                    403, id, #"{"op": "\#(operation)", "path": "/\#(name)", "value": \#(value)}"#)
                #expect(changed.body.contains("Attribute '\(name)'"))
            }
            #expect(try await site.owner.expect(200, .get, "/v2/images/\(id)").body == before)
        }
    }

    @Test("id: 403 when it is changed")
    func idStays() async throws {
        let site = try await RowSite()
        let id = try await site.queued()
        try await site.owner.patch(403, id, #"{"op": "replace", "path": "/id", "value": "\#(Self.uuid)"}"#)
        try await site.owner.patch(403, id, #"{"op": "remove", "path": "/id"}"#)
    }

    @Test("attributes of every image: 403 when they are removed")
    func base() async throws {
        let site = try await RowSite()
        let id = try await site.queued()
        for name in [
            "checksum", "created_at", "container_format", "disk_format", "id", "min_disk", "min_ram", "name", "size",
            "virtual_size", "status", "tags", "owner", "updated_at", "visibility", "protected", "os_hidden",
            "os_hash_algo", "os_hash_value",
        ] {
            try await site.owner.patch(403, id, #"{"op": "remove", "path": "/\#(name)"}"#)
            try await site.owner.patch(403, id, #"{"remove": "/\#(name)"}"#, headers: .oldPatch)
        }
    }

    @Test("os_glance_hash_op_host, os_glance_stage_host: never shown; other bookkeeping is")
    func bookkeeping() async throws {
        let site = try await RowSite()
        let id = try await site.queued()
        let image = try #require(try await site.harness.service.database.images.find(id))
        var changed = image
        for name in ["hash_op_host", "stage_host", "import_task", "importing_to_stores", "failed_import"] {
            changed.properties["os_glance_\(name)"] = "x"
        }
        try await site.harness.service.save(changed, over: image)
        let shown = try await site.owner.expect(200, .get, "/v2/images/\(id)").members.keys
        #expect(
            shown.filter { $0.hasPrefix("os_glance") }.sorted()
                == ["os_glance_failed_import", "os_glance_import_task", "os_glance_importing_to_stores"])
    }

    // MARK: Create

    static let creations: [Row] = [
        Row("POST /v2/images: 201 with Location, and what can be done with it", isMultiStore: true) { site in
            let answer = try await site.owner.expect(201, .post, "/v2/images", body: "{}")
            let id = try #require(answer["id"]?.stringValue)
            #expect(answer.headers[.location] == "http://images.example.com/v2/images/\(id)")
            #expect(answer.headers[.imageImportMethods] == "glance-direct,web-download,copy-image")
            #expect(answer.headers[.imageStoreIDs] == "fast,slow,web")
            #expect(try await site.owner.expect(200, .get, "/v2/images/\(id)").body == answer.body)
        },
        Row(
            "POST /v2/images: no stores with a single one, no methods where none is enabled",
            options: "enabled_import_methods = []"
        ) {
            let answer = try await $0.owner.expect(201, .post, "/v2/images", body: "{}")
            #expect(answer.headers[.imageStoreIDs] == nil && answer.headers[.imageImportMethods] == nil)
        },
        Row("POST /v2/images: any Content-Type, or none") { site in
            for type in [nil, "text/plain", "application/octet-stream"] as [String?] {
                var headers: HTTPFields = [:]
                headers[.contentType] = type
                try await site.owner.expect(201, .post, "/v2/images", headers: headers, body: "{}")
            }
        },
        Row("POST /v2/images: 400 for what is no JSON object") { site in
            for body in ["", "{", "[]", "1", "null", "\"x\"", "{} {}"] {
                try await site.owner.expect(400, .post, "/v2/images", body: body)
            }
        },
        Row("POST /v2/images: 400 for what the schema forbids") { site in
            let long = String(repeating: "n", count: 256)
            for body in [
                #"{"id": "none"}"#, #"{"name": "\#(long)"}"#, #"{"name": 1}"#, #"{"min_disk": -1}"#,
                #"{"min_ram": 2147483648}"#, #"{"min_disk": "1"}"#, #"{"disk_format": "none"}"#,
                #"{"container_format": "none"}"#, #"{"visibility": "none"}"#, #"{"protected": "yes"}"#,
                #"{"tags": "x"}"#, #"{"tags": ["\#(long)"]}"#, #"{"property": 1}"#, #"{"property": null}"#,
                #"{"property": ["x"]}"#,
            ] {
                try await site.owner.expect(400, .post, "/v2/images", body: body)
            }
        },
        Row("POST /v2/images: a name of 255 characters") { site in
            let name = String(repeating: "ü", count: 255)
            let answer = try await site.owner.expect(201, .post, "/v2/images", body: #"{"name": "\#(name)"}"#)
            #expect(answer["name"] == .string(name))
        },
        Row("POST /v2/images: 403 for an owner other than the caller's project, but not for administrators") { site in
            let body = #"{"owner": "theirs"}"#
            try await site.owner.expect(403, .post, "/v2/images", body: body)
            #expect(try await site.admin.expect(201, .post, "/v2/images", body: body)["owner"] == "theirs")
        },
        Row("POST /v2/images: 403 for a public image, but not for administrators") { site in
            let body = #"{"visibility": "public"}"#
            try await site.owner.expect(403, .post, "/v2/images", body: body)
            try await site.admin.expect(201, .post, "/v2/images", body: body)
        },
        Row("POST /v2/images: 403 for locations, stores and a reader") { site in
            try await site.owner.expect(403, .post, "/v2/images", body: #"{"stores": "fast"}"#)
            let locations = #"{"locations": [{"url": "http://127.0.0.1:9/", "metadata": {}}]}"#
            try await site.owner.expect(403, .post, "/v2/images", body: locations)
            try await site.reader.expect(403, .post, "/v2/images", body: "{}")
        },
        Row("POST /v2/images: 409 for an id that exists, or did") { site in
            let body = #"{"id": "\#(uuid)"}"#
            try await site.owner.expect(201, .post, "/v2/images", body: body)
            for client in [site.owner, site.stranger] { try await client.expect(409, .post, "/v2/images", body: body) }
            try await site.owner.expect(204, .delete, "/v2/images/\(uuid)")
            try await site.owner.expect(409, .post, "/v2/images", body: body)
        },
        Row("POST /v2/images: 413 beyond 128 properties or tags") { site in
            let tags = (0..<129).map { "\"t\($0)\"" }
            let properties = (0..<129).map { "\"p\($0)\": \"v\"" }
            for (count, status) in [(128, 201), (129, 413)] {
                let some = tags.prefix(count).joined(separator: ", ")
                try await site.owner.expect(status, .post, "/v2/images", body: #"{"tags": [\#(some)]}"#)
                let others = properties.prefix(count).joined(separator: ", ")
                try await site.owner.expect(status, .post, "/v2/images", body: "{\(others)}")
            }
        },
        Row("POST /v2/images: tags that come twice count once") { site in
            let answer = try await site.owner.expect(201, .post, "/v2/images", body: #"{"tags": ["a", "b", "a"]}"#)
            #expect(Set(answer["tags"]?.arrayValue?.compactMap(\.stringValue) ?? []) == ["a", "b"])
            #expect(answer["tags"]?.arrayValue?.count == 2)
        },
    ]

    @Test(arguments: creations) func create(_ row: Row) async throws { try await row.run() }

    // MARK: Show

    static let shows: [Row] = [
        Row("GET /v2/images/{id}: 200 for its project, members in any status, and administrators") { site in
            let id = try await site.queued()
            try await site.owner.expect(200, .post, "/v2/images/\(id)/members", body: #"{"member": "theirs"}"#)
            for status in ["pending", "rejected", "accepted"] {
                let body = #"{"status": "\#(status)"}"#
                try await site.stranger.expect(200, .put, "/v2/images/\(id)/members/theirs", body: body)
                for client in [site.owner, site.reader, site.stranger, site.admin] {
                    #expect(try await client.expect(200, .get, "/v2/images/\(id)")["id"] == .string(id))
                }
            }
        },
        Row("GET /v2/images/{id}: 200 for everybody when it is public or community") { site in
            for visibility in ["public", "community"] {
                let id = try await site.queued(#", "visibility": "\#(visibility)""#, by: site.admin)
                try await site.stranger.expect(200, .get, "/v2/images/\(id)")
            }
        },
        Row("GET /v2/images/{id}: 404 if absent, deleted or not visible") { site in
            try await site.owner.expect(404, .get, "/v2/images/none")
            let id = try await site.queued()
            try await site.stranger.expect(404, .get, "/v2/images/\(id)")
            try await site.owner.expect(204, .delete, "/v2/images/\(id)")
            try await site.owner.expect(404, .get, "/v2/images/\(id)")
        },
        Row(
            "GET /v2/images/{id}: no locations of a deactivated image, but for administrators",
            options: "show_multiple_locations = true\nshow_image_direct_url = true"
        ) { site in
            let path = "/v2/images/\(try await site.deactivated())"
            let shown = try await site.owner.expect(200, .get, path)
            #expect(shown["locations"] == [] && shown["direct_url"] == nil)
            #expect(try await site.admin.expect(200, .get, path)["locations"]?.arrayValue?.count == 1)
        },
    ]

    @Test(arguments: shows) func show(_ row: Row) async throws { try await row.run() }

    // MARK: Delete

    static let deletions: [Row] = [
        Row("DELETE /v2/images/{id}: 204, and its data are gone") { site in
            let id = try await site.active()
            try await site.owner.expect(204, .delete, "/v2/images/\(id)")
            #expect(site.storedFiles.isEmpty)
            for _ in 0..<2 { try await site.owner.expect(404, .delete, "/v2/images/\(id)") }
        },
        Row("DELETE /v2/images/{id}: 403 if it is protected") { site in
            let id = try await site.active("data", #", "protected": true"#)
            for client in [site.owner, site.admin] { try await client.expect(403, .delete, "/v2/images/\(id)") }
            #expect(site.storedFiles == [id])
            try await site.owner.patch(200, id, #"{"op": "replace", "path": "/protected", "value": false}"#)
            try await site.owner.expect(204, .delete, "/v2/images/\(id)")
        },
        Row("DELETE /v2/images/{id}: 403 for another project that sees it, and for a reader; 404 for one that does not")
        {
            site in
            let id = try await site.active("data", #", "visibility": "community""#)
            for client in [site.stranger, site.reader] { try await client.expect(403, .delete, "/v2/images/\(id)") }
            #expect(site.storedFiles == [id])
            try await site.stranger.expect(404, .delete, "/v2/images/\(try await site.queued())")
        },
        Row("DELETE /v2/images/{id}: a deactivated image, by its owner, with its data") { site in
            try await site.owner.expect(204, .delete, "/v2/images/\(try await site.deactivated())")
            #expect(site.storedFiles.isEmpty)
        },
        Row("DELETE /v2/images/{id}: 204 although the store fails; the data wait for the scrubber") { site in
            let id = try await site.active()
            // What is no file cannot be removed as one.
            let file = site.harness.directory.appending(path: "images/\(id)")
            try FileManager.default.removeItem(at: file)
            try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
            try await site.owner.expect(204, .delete, "/v2/images/\(id)")
            try await site.owner.expect(404, .get, "/v2/images/\(id)")
            let waiting = try await site.harness.service.database.locations.awaitingDeletion(
                since: .now.advanced(bySeconds: 60), limit: 10)
            #expect(waiting.map(\.location.url) == ["file://\(file.path)"])
        },
        Row("DELETE /v2/images/{id}: what is staged goes, too", isMultiStore: true) { site in
            let id = try await site.queued()
            try await site.owner.expect(204, .put, "/v2/images/\(id)/stage", headers: .octets, body: "data")
            #expect(site.storedFiles.count == 1)
            try await site.owner.expect(204, .delete, "/v2/images/\(id)")
            #expect(site.storedFiles.isEmpty)
        },
        Row(
            "DELETE /v2/images/{id}: pending_delete with delayed_delete, and the data wait",
            options: "delayed_delete = true"
        ) {
            let id = try await $0.active()
            try await $0.owner.expect(204, .delete, "/v2/images/\(id)")
            #expect($0.storedFiles == [id])
            try await $0.owner.expect(404, .get, "/v2/images/\(id)")
            for client in [$0.owner, $0.admin] {
                #expect(try await client.expect(200, .get, "/v2/images")["images"] == [])
            }
        },
    ]

    @Test(arguments: deletions) func delete(_ row: Row) async throws { try await row.run() }

    // MARK: Actions

    static let actions: [Row] = [
        Row("POST …/actions/deactivate, reactivate: 204, the second time as well") { site in
            let id = try await site.active()
            for (action, status) in [("deactivate", "deactivated"), ("reactivate", "active")] {
                for _ in 0..<2 { try await site.owner.expect(204, .post, "/v2/images/\(id)/actions/\(action)") }
                #expect(try await site.shown("status", of: id) == .string(status))
            }
        },
        Row("POST …/actions/…: 403 unless the image is active or deactivated") { site in
            var ids = [try await site.queued()]
            for status in [ImageStatus.saving, .uploading, .importing] { ids.append(try await site.image(in: status)) }
            for id in ids {
                for action in ["deactivate", "reactivate"] {
                    try await site.admin.expect(403, .post, "/v2/images/\(id)/actions/\(action)")
                }
            }
        },
        Row(
            "POST …/actions/…: 403 for another project that sees the image, and for a reader; 404 for one that does not"
        ) {
            site in
            let seen = try await site.active("data", #", "visibility": "community""#)
            let unseen = try await site.active()
            for action in ["deactivate", "reactivate"] {
                for client in [site.stranger, site.reader] {
                    try await client.expect(403, .post, "/v2/images/\(seen)/actions/\(action)")
                }
                try await site.stranger.expect(404, .post, "/v2/images/\(unseen)/actions/\(action)")
                try await site.admin.expect(404, .post, "/v2/images/none/actions/\(action)")
            }
        },
    ]

    @Test(arguments: actions) func action(_ row: Row) async throws { try await row.run() }

    // MARK: Tags

    static let tags: [Row] = [
        Row("PUT …/tags/{tag}: 204, once or twice") { site in
            let id = try await site.queued()
            for _ in 0..<2 { try await site.owner.expect(204, .put, "/v2/images/\(id)/tags/t") }
            #expect(try await site.shown("tags", of: id) == ["t"])
        },
        Row("PUT …/tags/{tag}: 400 for more than 255 characters") { site in
            let id = try await site.queued()
            let tag = String(repeating: "t", count: 255)
            try await site.owner.expect(204, .put, "/v2/images/\(id)/tags/\(tag)")
            try await site.owner.expect(400, .put, "/v2/images/\(id)/tags/\(tag)t")
        },
        Row("PUT …/tags/{tag}: 413 beyond image_tag_quota", options: "image_tag_quota = 1") { site in
            let id = try await site.queued()
            try await site.owner.expect(204, .put, "/v2/images/\(id)/tags/a")
            try await site.owner.expect(413, .put, "/v2/images/\(id)/tags/b")
            #expect(try await site.shown("tags", of: id) == ["a"])
        },
        Row("DELETE …/tags/{tag}: 204; 404 for one that is not there") { site in
            let id = try await site.queued(#", "tags": ["a", "b"]"#)
            try await site.owner.expect(204, .delete, "/v2/images/\(id)/tags/a")
            #expect(try await site.shown("tags", of: id) == ["b"])
            try await site.owner.expect(404, .delete, "/v2/images/\(id)/tags/a")
        },
        Row("PUT, DELETE …/tags/{tag}: any text that can be stored") { site in
            let path = "/v2/images/\(try await site.queued())"
            try await site.owner.expect(204, .put, path + "/tags/%C3%A4%20b%2Fc")
            #expect(try await site.owner.expect(200, .get, path)["tags"] == ["ä b/c"])
            try await site.owner.expect(204, .delete, path + "/tags/%C3%A4%20b%2Fc")
        },
        Row("GET …/tags/{tag}: 405") { site in
            try await site.owner.expect(405, .get, "/v2/images/\(try await site.queued())/tags/t")
        },
        Row("PUT, DELETE …/tags/{tag}: 403 for others") { site in
            let id = try await site.queued(#", "tags": ["t"], "visibility": "community""#)
            for client in [site.stranger, site.reader] {
                try await client.expect(403, .put, "/v2/images/\(id)/tags/x")
                try await client.expect(403, .delete, "/v2/images/\(id)/tags/t")
            }
            #expect(try await site.shown("tags", of: id) == ["t"])
        },
    ]

    @Test(arguments: tags) func tag(_ row: Row) async throws { try await row.run() }

    // MARK: Members

    /// An image of `ours` that `theirs` is offered.
    private static func shared(_ site: RowSite) async throws -> String {
        let id = try await site.queued()
        for project in ["theirs", "others"] {
            try await site.owner.expect(200, .post, "/v2/images/\(id)/members", body: #"{"member": "\#(project)"}"#)
        }
        return "/v2/images/\(id)/members"
    }

    static let members: [Row] = [
        Row("GET …/members: all for the owner and administrators, itself for a member, 404 for others") { site in
            let path = try await shared(site)
            for client in [site.owner, site.admin] {
                let list = try await client.expect(200, .get, path)
                #expect(list.texts("members", "member_id").sorted() == ["others", "theirs"])
                #expect(list["schema"] == "/v2/schemas/members")
            }
            #expect(try await site.stranger.expect(200, .get, path).texts("members", "member_id") == ["theirs"])
            let nobody = await site.harness.member(of: "nobody")
            try await nobody.expect(404, .get, path)
        },
        Row("a member: member_id, image_id, status, created_at, updated_at, schema") { site in
            let member = try await site.owner.expect(200, .get, try await shared(site) + "/theirs").members
            #expect(
                Set(member.keys) == ["member_id", "image_id", "status", "created_at", "updated_at", "schema"])
            #expect(member["schema"] == "/v2/schemas/member" && member["status"] == "pending")
        },
        Row("POST …/members: 200, pending") { site in
            let id = try await site.queued()
            let answer = try await site.owner.expect(
                200, .post, "/v2/images/\(id)/members", body: #"{"member": "theirs"}"#)
            #expect(answer["status"] == "pending" && answer["member_id"] == "theirs")
            #expect(answer["image_id"] == .string(id))
        },
        Row("POST …/members: 409 for one that is there") { site in
            let path = try await shared(site)
            try await site.owner.expect(409, .post, path, body: #"{"member": "theirs"}"#)
        },
        Row("POST …/members: 403 unless the image is shared") { site in
            for visibility in ["private", "community"] {
                let id = try await site.queued(#", "visibility": "\#(visibility)""#)
                try await site.owner.expect(403, .post, "/v2/images/\(id)/members", body: #"{"member": "theirs"}"#)
            }
        },
        Row("POST …/members: 403 for others than the owner") { site in
            let path = try await shared(site)
            for client in [site.stranger, site.reader] {
                try await client.expect(403, .post, path, body: #"{"member": "x"}"#)
            }
        },
        Row("POST …/members: 413 beyond image_member_quota", options: "image_member_quota = 2") { site in
            let path = try await shared(site)
            try await site.owner.expect(413, .post, path, body: #"{"member": "x"}"#)
        },
        Row("POST …/members: 400 for a bad, empty or missing one") { site in
            let path = try await shared(site)
            let long = String(repeating: "m", count: 256)
            for body in ["", "{}", "[]", #"{"member": ""}"#, #"{"member": 1}"#, #"{"member": "\#(long)"}"#] {
                try await site.owner.expect(400, .post, path, body: body)
            }
        },
        Row("GET …/members/{m}: 200 for the owner, administrators and that member; 404 for others") { site in
            let path = try await shared(site)
            for client in [site.owner, site.admin, site.stranger] {
                try await client.expect(200, .get, path + "/theirs")
            }
            try await site.stranger.expect(404, .get, path + "/others")
            try await site.owner.expect(404, .get, path + "/nobody")
            let nobody = await site.harness.member(of: "nobody")
            try await nobody.expect(404, .get, path + "/theirs")
        },
        Row("PUT …/members/{m}: that member and administrators; 403 for the owner") { site in
            let path = try await shared(site) + "/theirs"
            for (client, status) in [(site.stranger, "accepted"), (site.admin, "rejected"), (site.stranger, "pending")]
            {
                let answer = try await client.expect(200, .put, path, body: #"{"status": "\#(status)"}"#)
                #expect(answer["status"] == .string(status))
            }
            try await site.owner.expect(403, .put, path, body: #"{"status": "accepted"}"#)
            #expect(try await site.owner.expect(200, .get, path)["status"] == "pending")
        },
        Row("PUT …/members/{m}: 400 for another status") { site in
            let path = try await shared(site) + "/theirs"
            for body in ["", "{}", "[]", #"{"status": "x"}"#, #"{"status": 1}"#] {
                try await site.stranger.expect(400, .put, path, body: body)
            }
        },
        Row("DELETE …/members/{m}: 204 for the owner and administrators; 403 for the member; 404 for none") { site in
            let path = try await shared(site)
            try await site.stranger.expect(403, .delete, path + "/theirs")
            try await site.owner.expect(204, .delete, path + "/theirs")
            try await site.admin.expect(204, .delete, path + "/others")
            try await site.owner.expect(404, .delete, path + "/theirs")
            #expect(try await site.owner.expect(200, .get, path)["members"] == [])
        },
    ]

    @Test(arguments: members) func member(_ row: Row) async throws { try await row.run() }
}
