import HTTPTypes
import ImageDatabase
import ImageModel
import JSON
import Testing

@testable import ImageAPI
@testable import ImageService

/// `POST /v2/images/{id}/import`, `/v2/images/{id}/tasks` and `/v2/images/{id}/locations`: what requests answer. What imports
/// then do is in `ImageImportTests`.
@Suite struct ImportRowTests {
    private static let methods = "enabled_import_methods = [glance-direct,web-download,copy-image,glance-download]"

    /// An import from a server that nobody runs; the request does not contact it.
    private static func web(_ more: String = "") -> String {
        #"{"method": {"name": "web-download", "uri": "http://127.0.0.1:9/a"}\#(more)}"#
    }

    private static func method(_ name: String, _ more: String = "") -> String {
        #"{"method": {"name": "\#(name)"}\#(more)}"#
    }

    /// An image whose data are staged.
    private static func staged(_ site: RowSite) async throws -> String {
        let id = try await site.queued()
        try await site.owner.expect(204, .put, "/v2/images/\(id)/stage", headers: .octets, body: "data")
        return id
    }

    /// Asks for an import; one that is refused must not have changed the image.
    private static func ask(
        _ status: Int, _ site: RowSite, _ id: String, _ body: String, by client: TestClient? = nil,
        headers: HTTPFields = [:], at location: SourceLocation = #_sourceLocation
    ) async throws {
        let before = try await site.harness.service.database.images.find(id)
        let answer = try await (client ?? site.owner).expect(
            status, .post, "/v2/images/\(id)/import", headers: headers, body: body, at: location)
        if status == 202 { return #expect(answer.bytes.isEmpty, sourceLocation: location) }
        #expect(try await site.harness.service.database.images.find(id) == before, sourceLocation: location)
        #expect(try await site.harness.service.database.imports.all().isEmpty, sourceLocation: location)
    }

    static let imports: [Row] = [
        Row("POST …/import: 202 for glance-direct of staged data", isMultiStore: true) { site in
            let id = try await staged(site)
            try await ask(202, site, id, method("glance-direct"))
            #expect(try await site.shown("status", of: id) == "importing")
            #expect(try await site.shown("os_glance_importing_to_stores", of: id) == "fast")
        },
        Row("POST …/import: 202 for web-download into a queued image", isMultiStore: true) { site in
            let id = try await site.queued()
            try await ask(202, site, id, web())
            #expect(try await site.shown("status", of: id) == "importing")
            #expect(try await site.shown("os_glance_import_task", of: id)?.stringValue != nil)
        },
        Row("POST …/import: 202 for glance-download", options: methods, isMultiStore: true) { site in
            let source = #""glance_region": "R", "glance_image_id": "4b1f2f04-9f6c-4d2f-9d2c-0b0f3a7e9d11""#
            let id = try await site.queued()
            try await ask(202, site, id, #"{"method": {"name": "glance-download", \#(source)}}"#)
        },
        Row("POST …/import: 202 for copy-image of an active image, which stays active", isMultiStore: true) { site in
            let id = try await site.active()
            try await ask(202, site, id, method("copy-image", #", "stores": ["slow"]"#), by: site.admin)
            #expect(try await site.shown("status", of: id) == "active")
            #expect(try await site.shown("os_glance_importing_to_stores", of: id) == "slow")
        },
        Row("POST …/import: copy-image with all_stores and nothing left to do: 202 without work", isMultiStore: true) {
            let id = try await $0.inTwoStores()
            try await ask(202, $0, id, method("copy-image", #", "all_stores": true"#), by: $0.admin)
            #expect(try await $0.harness.service.database.imports.all().isEmpty)
        },
        Row("POST …/import: all_stores are all that can be written to", isMultiStore: true) { site in
            let id = try await site.queued()
            try await ask(202, site, id, web(#", "all_stores": true"#))
            #expect(try await site.shown("os_glance_importing_to_stores", of: id) == "fast,slow")
        },
        Row("POST …/import: the store of X-Image-Meta-Store", isMultiStore: true) { site in
            let id = try await site.queued()
            try await ask(202, site, id, web(), headers: [.imageMetaStore: "slow"])
            #expect(try await site.shown("os_glance_importing_to_stores", of: id) == "slow")
        },
        Row("POST …/import: 400 without method or its name, or for one that is not enabled", isMultiStore: true) {
            site in
            let id = try await site.queued()
            for body in [
                "", "[]", "{}", #"{"method": {}}"#, #"{"method": "web-download"}"#, method("none"),
                method("glance-download"),
            ] {
                try await ask(400, site, id, body)
            }
        },
        Row("POST …/import: 400 unless all_stores and all_stores_must_succeed are true or false", isMultiStore: true) {
            let id = try await $0.queued()
            try await ask(400, $0, id, web(#", "all_stores": "yes""#))
            try await ask(400, $0, id, web(#", "all_stores_must_succeed": 1"#))
        },
        Row("POST …/import: 400 for stores with all_stores", isMultiStore: true) { site in
            let id = try await site.queued()
            try await ask(400, site, id, web(#", "all_stores": true, "stores": ["slow"]"#))
        },
        Row("POST …/import: 400 for a URI that is missing, or that the filter refuses", isMultiStore: true) { site in
            let id = try await site.queued()
            try await ask(400, site, id, method("web-download"))
            for uri in [
                "", "x", "file:///etc/passwd", "ftp://127.0.0.1/", "http://169.254.169.254/", "http://10.0.0.1/",
            ] {
                try await ask(400, site, id, #"{"method": {"name": "web-download", "uri": "\#(uri)"}}"#)
            }
        },
        Row("POST …/import: 400 for glance-download without region or id", options: methods, isMultiStore: true) {
            site in
            let id = try await site.queued()
            let image = #""glance_image_id": "4b1f2f04-9f6c-4d2f-9d2c-0b0f3a7e9d11""#
            for source in [image, #""glance_region": "R""#, #""glance_region": "R", "glance_image_id": "none""#] {
                try await ask(400, site, id, #"{"method": {"name": "glance-download", \#(source)}}"#)
            }
        },
        Row("POST …/import: 400 for copy-image into a store that has the data", isMultiStore: true) { site in
            let id = try await site.active()
            try await ask(400, site, id, method("copy-image", #", "stores": ["fast"]"#), by: site.admin)
        },
        Row("POST …/import: 403 for others, and for a reader", isMultiStore: true) { site in
            let id = try await site.queued(#", "visibility": "community""#)
            for client in [site.stranger, site.reader] { try await ask(403, site, id, web(), by: client) }
        },
        Row("POST …/import: 403 for copy-image by its owner", isMultiStore: true) { site in
            try await ask(403, site, try await site.active(), method("copy-image", #", "stores": ["slow"]"#))
        },
        Row("POST …/import: 404 for an image that the caller does not see", isMultiStore: true) { site in
            try await ask(404, site, try await site.queued(), web(), by: site.stranger)
        },
        Row("POST …/import: 409 for an active image", options: methods, isMultiStore: true) { site in
            let id = try await site.active()
            for body in [web(), method("glance-direct")] { try await ask(409, site, id, body) }
        },
        Row("POST …/import: 409 for copy-image of one that is not active", isMultiStore: true) { site in
            try await ask(409, site, try await site.queued(), method("copy-image"), by: site.admin)
        },
        Row("POST …/import: 409 for glance-direct unless the image is uploading", isMultiStore: true) { site in
            try await ask(409, site, try await site.queued(), method("glance-direct"))
        },
        Row("POST …/import: 409 for web-download unless the image is queued", isMultiStore: true) { site in
            try await ask(409, site, try await staged(site), web())
        },
        Row("POST …/import: 409 while disk_format or container_format are unset", isMultiStore: true) { site in
            for given in [#"{"disk_format": "raw"}"#, #"{"container_format": "bare"}"#] {
                let made = try await site.owner.expect(201, .post, "/v2/images", body: given)
                try await ask(409, site, try #require(made["id"]?.stringValue), web())
            }
        },
        Row("POST …/import: 409 for a store that does not exist", isMultiStore: true) { site in
            let id = try await site.queued()
            try await ask(409, site, id, web(#", "stores": ["nowhere"]"#))
            try await ask(409, site, id, web(), headers: [.imageMetaStore: "nowhere"])
        },
        Row("POST …/import: 409 while another import has the image", isMultiStore: true) { site in
            let id = try await site.active()
            try await ask(202, site, id, method("copy-image", #", "stores": ["slow"]"#), by: site.admin)
            let path = "/v2/images/\(id)/import"
            let again = method("copy-image", #", "stores": ["slow"]"#)
            #expect(try await site.admin.expect(409, .post, path, body: again).body.contains("Image has active task"))
        },
    ]

    @Test(arguments: imports) func startImport(_ row: Row) async throws { try await row.run() }

    @Test("GET …/tasks: what was asked of an image, with times in microseconds and without a zone")
    func tasksOfImage() async throws {
        let site = try await RowSite(isMultiStore: true)
        let id = try await site.queued()
        try await Self.ask(202, site, id, Self.web())
        let tasks = try await site.owner.expect(200, .get, "/v2/images/\(id)/tasks")["tasks"]?.arrayValue
        let task = try #require(tasks?.first?.objectValue)
        #expect(tasks?.count == 1)
        #expect(
            Set(task.keys) == [
                "id", "type", "status", "owner", "expires_at", "created_at", "updated_at", "deleted_at", "deleted",
                "image_id", "request_id", "user_id", "input", "result", "message",
            ])
        #expect(task["type"] == "api_image_import" && task["status"] == "pending" && task["owner"] == "ours")
        #expect(task["image_id"] == .string(id) && task["deleted"] == false && task["expires_at"] == .null)
        let time = try #require(task["created_at"]?.stringValue)
        #expect(time.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}/#) != nil)
        try await site.stranger.expect(404, .get, "/v2/images/\(id)/tasks")
    }

    // MARK: Locations

    private static let url = #"{"url": "http://127.0.0.1:9/a"}"#

    static let locations: [Row] = [
        Row("POST …/locations: 202, and a task location_import", isMultiStore: true) { site in
            for client in [site.owner, site.admin] {
                let id = try await site.queued()
                try await client.expect(202, .post, "/v2/images/\(id)/locations", body: url)
                let tasks = try await site.admin.expect(200, .get, "/v2/images/\(id)/tasks")
                #expect(tasks.texts("tasks", "type") == ["location_import"])
            }
        },
        Row("POST …/locations: 409 unless the image is queued", isMultiStore: true) { site in
            for id in [try await site.active(), try await site.deactivated()] {
                try await site.admin.expect(409, .post, "/v2/images/\(id)/locations", body: url)
            }
        },
        Row(
            "POST …/locations: 403 for others, and for a reader; 404 for who does not see the image", isMultiStore: true
        ) {
            site in
            let id = try await site.queued(#", "visibility": "community""#)
            for client in [site.stranger, site.reader] {
                try await client.expect(403, .post, "/v2/images/\(id)/locations", body: url)
            }
            try await site.stranger.expect(404, .post, "/v2/images/\(try await site.queued())/locations", body: url)
        },
        Row("POST …/locations: 403 for other URLs than http, unless a service adds them", isMultiStore: true) { site in
            let id = try await site.queued()
            for other in ["rbd://a/b/c/d", "file:///etc/passwd", "swift+config://a/b/c"] {
                let body = #"{"url": "\#(other)"}"#
                try await site.owner.expect(403, .post, "/v2/images/\(id)/locations", body: body)
            }
            let others = try await site.queued(#", "visibility": "public""#, by: site.admin)
            let restricted = #"{"url": "file:///etc/passwd"}"#
            try await site.service.expect(400, .post, "/v2/images/\(others)/locations", body: restricted)
        },
        Row("POST …/locations: 403 without a store for http", options: "[glance_store]\nstores = file") { site in
            let id = try await site.queued()
            try await site.owner.expect(403, .post, "/v2/images/\(id)/locations", body: url)
        },
        Row("POST …/locations: 400 for a URL that the filter refuses", isMultiStore: true) { site in
            let id = try await site.queued()
            for host in ["169.254.169.254", "localhost", "[::1]", "10.0.0.1"] {
                let body = #"{"url": "http://\#(host)/"}"#
                try await site.owner.expect(400, .post, "/v2/images/\(id)/locations", body: body)
            }
            for body in ["", "{}", #"{"url": ""}"#, #"{"url": 1}"#] {
                try await site.owner.expect(400, .post, "/v2/images/\(id)/locations", body: body)
            }
        },
        Row("POST …/locations: md5, sha1, sha256, sha512 with a hash of the right length; else 400", isMultiStore: true)
        {
            site in
            func body(_ algorithm: String, _ digits: Int) -> String {
                let data =
                    #"{"os_hash_algo": "\#(algorithm)", "os_hash_value": "\#(String(repeating: "a", count: digits))"}"#
                return #"{"url": "http://127.0.0.1:9/a", "validation_data": \#(data)}"#
            }
            for (algorithm, digits) in [("md5", 32), ("sha1", 40), ("sha256", 64), ("sha512", 128)] {
                let id = try await site.queued()
                let path = "/v2/images/\(id)/locations"
                try await site.owner.expect(400, .post, path, body: body(algorithm, digits - 1))
                try await site.owner.expect(202, .post, path, body: body(algorithm, digits))
            }
            let path = "/v2/images/\(try await site.queued())/locations"
            try await site.owner.expect(400, .post, path, body: body("sha384", 96))
        },
        Row("GET …/locations: URLs and metadata, for services and administrators; 403 for others", isMultiStore: true) {
            site in
            let id = try await site.active("data", #", "visibility": "public""#, by: site.admin)
            for client in [site.service, site.admin] {
                let answer = try await client.expect(200, .get, "/v2/images/\(id)/locations")
                let location = try #require(try JSONValue.parse(answer.bytes).arrayValue?.first?.objectValue)
                #expect(Set(location.keys) == ["url", "metadata"] && location["metadata"] == ["store": "fast"])
                #expect(location["url"]?.stringValue?.hasSuffix("/fast/\(id)") == true)
            }
            for client in [site.owner, site.stranger] {
                try await client.expect(403, .get, "/v2/images/\(id)/locations")
            }
        },
        Row("GET …/locations: 404 for a service that does not see the image", isMultiStore: true) { site in
            try await site.service.expect(404, .get, "/v2/images/\(try await site.active())/locations")
        },
    ]

    @Test(arguments: locations) func location(_ row: Row) async throws { try await row.run() }
}
