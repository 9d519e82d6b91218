import Foundation
import HTTPTypes
import ImageModel
import JSON
import Testing

@testable import ImageAPI
@testable import ImageService

/// `/v2/images/{id}/file`, `/stage`, and data in one of several stores.
@Suite struct ImageDataRowTests {
    private static let size = HTTPField.Name("x-openstack-image-size")!
    private static let store = HTTPField.Name("X-Image-Meta-Store")!

    private static func octets(_ name: HTTPField.Name, _ value: String) -> HTTPFields {
        var headers = HTTPFields.octets
        headers[name] = value
        return headers
    }

    // MARK: Upload

    static let uploads: [Row] = [
        Row("PUT …/file: 204, and the image is active, with size, hashes and a location") { site in
            let id = try await site.queued()
            try await site.owner.expect(204, .put, "/v2/images/\(id)/file", headers: .octets, body: "data")
            let image = try await site.owner.expect(200, .get, "/v2/images/\(id)")
            #expect(image["status"] == "active" && image["size"] == 4 && image["virtual_size"] == 4)
            #expect(image["checksum"] == "8d777f385d3dfec8815d20f7496026dc" && image["os_hash_algo"] == "sha512")
            #expect(image["os_hash_value"]?.stringValue?.count == 128)
            let locations = try #require(try await site.harness.service.database.images.find(id)).locations
            #expect(locations.map(\.status) == [.active])
        },
        Row("PUT …/file: the location says which store has the data", isMultiStore: true) { site in
            let id = try await site.queued()
            let headers = octets(store, "slow")
            try await site.owner.expect(204, .put, "/v2/images/\(id)/file", headers: headers, body: "data")
            let locations = try #require(try await site.harness.service.database.images.find(id)).locations
            #expect(locations.map { $0.metadata["store"] } == ["slow"])
            #expect(try await site.shown("stores", of: id) == "slow")
            #expect(site.storedFiles == [id])
        },
        Row("PUT …/file: the default store without X-Image-Meta-Store", isMultiStore: true) { site in
            let id = try await site.active()
            #expect(try await site.shown("stores", of: id) == "fast")
        },
        Row("PUT …/file: chunked, without a length") { site in
            let id = try await site.queued()
            let headers = octets(.transferEncoding, "chunked")
            try await site.owner.expect(204, .put, "/v2/images/\(id)/file", headers: headers, body: "data")
            #expect(try await site.shown("size", of: id) == 4)
        },
        Row("PUT …/file: chunked, with the size in x-openstack-image-size") { site in
            let id = try await site.queued()
            var headers = octets(.transferEncoding, "chunked")
            headers[size] = "4"
            try await site.owner.expect(204, .put, "/v2/images/\(id)/file", headers: headers, body: "data")
            #expect(try await site.shown("size", of: id) == 4)
        },
        Row("PUT …/file: no bytes make an active image of size 0") { site in
            let id = try await site.active("")
            #expect(try await site.shown("size", of: id) == 0)
            #expect(try await site.owner.expect(200, .get, "/v2/images/\(id)/file").bytes.isEmpty)
        },
        Row("PUT …/file: 400 for a store that does not exist", isMultiStore: true) { site in
            try await refused(400, site, octets(store, "nowhere"))
        },
        Row("PUT …/file: 400 for an x-openstack-image-size that is no number") { site in
            for value in ["many", "-1", "1.5", ""] { try await refused(400, site, octets(size, value)) }
        },
        Row("PUT …/file: 400 for another x-openstack-image-size than came") { site in
            let answer = try await refused(400, site, octets(size, "99"))
            #expect(answer.body.contains("expected 99 bytes, got 4 bytes"))
        },
        Row("PUT …/file: 400 without disk_format or container_format") { site in
            for given in [#"{"disk_format": "raw"}"#, #"{"container_format": "bare"}"#, "{}"] {
                let made = try await site.owner.expect(201, .post, "/v2/images", body: given)
                let id = try #require(made["id"]?.stringValue)
                try await site.owner.expect(400, .put, "/v2/images/\(id)/file", headers: .octets, body: "data")
                #expect(try await site.isEmptyAndQueued(id))
            }
        },
        Row("PUT …/file: 403 for another project that sees the image, and for a reader") { site in
            let id = try await site.queued(#", "visibility": "community""#)
            for client in [site.stranger, site.reader] {
                try await client.expect(403, .put, "/v2/images/\(id)/file", headers: .octets, body: "data")
            }
            #expect(try await site.isEmptyAndQueued(id))
        },
        Row("PUT …/file: 404 for an image that the caller does not see") { site in
            let id = try await site.queued()
            try await site.stranger.expect(404, .put, "/v2/images/\(id)/file", headers: .octets, body: "data")
            #expect(try await site.isEmptyAndQueued(id))
        },
        Row("PUT …/file: 409 unless the image is queued") { site in
            let id = try await site.active("data")
            try await site.owner.expect(409, .put, "/v2/images/\(id)/file", headers: .octets, body: "else")
            #expect(try await site.owner.expect(200, .get, "/v2/images/\(id)/file").body == "data")
            for status in [ImageStatus.saving, .uploading, .importing, .deactivated] {
                let id = try await site.image(in: status)
                try await site.owner.expect(409, .put, "/v2/images/\(id)/file", headers: .octets, body: "else")
            }
        },
        Row("PUT …/file: 410 for a store that takes no data", isMultiStore: true) { site in
            let answer = try await refused(410, site, octets(store, "web"))
            #expect(answer.body.contains("Adding images to store is disabled."))
        },
        Row("PUT …/file: 413 beyond image_size_cap", options: "image_size_cap = 3") { site in
            try await refused(413, site, .octets)
            try await refused(413, site, octets(.transferEncoding, "chunked"))
        },
        Row("PUT …/file: 413 beyond user_storage_quota", options: "user_storage_quota = 3B") { site in
            try await refused(413, site, .octets)
            try await refused(413, site, octets(.transferEncoding, "chunked"))
        },
        Row("PUT …/file: 415 for another Content-Type") { site in
            try await refused(415, site, [:])
            try await refused(415, site, [.contentType: "application/json"])
        },
        Row("PUT …/file: 415 for data that are not of the format") { site in
            try await refused(415, site, .octets, #", "disk_format": "qcow2""#)
        },
    ]

    /// An upload that must leave nothing.
    @discardableResult
    private static func refused(
        _ status: Int, _ site: RowSite, _ headers: HTTPFields, _ attributes: String = "",
        at location: SourceLocation = #_sourceLocation
    ) async throws -> TestClient.Answer {
        let id = try await site.queued(attributes)
        let answer = try await site.owner.expect(
            status, .put, "/v2/images/\(id)/file", headers: headers, body: "data", at: location)
        #expect(try await site.isEmptyAndQueued(id), sourceLocation: location)
        return answer
    }

    @Test(arguments: uploads) func upload(_ row: Row) async throws { try await row.run() }

    // MARK: Download

    static let downloads: [Row] = [
        Row("GET …/file: 200 with type, length and the MD5 in hexadecimal") { site in
            let answer = try await site.owner.expect(200, .get, "/v2/images/\(try await site.active("data"))/file")
            #expect(answer.body == "data" && answer.headers[.contentLength] == "4")
            #expect(answer.headers[.contentType] == "application/octet-stream")
            #expect(answer.headers[.contentMD5] == "8d777f385d3dfec8815d20f7496026dc")
        },
        Row("GET …/file: 204 without data") { site in
            let answer = try await site.owner.expect(204, .get, "/v2/images/\(try await site.queued())/file")
            #expect(answer.bytes.isEmpty)
        },
        Row("GET …/file: 403 for a deactivated image, but not for administrators") { site in
            let path = "/v2/images/\(try await site.deactivated())/file"
            try await site.owner.expect(403, .get, path)
            #expect(try await site.admin.expect(200, .get, path).body == "0123456789")
        },
        Row("GET …/file: 403 for a reader") { site in
            try await site.reader.expect(403, .get, "/v2/images/\(try await site.active())/file")
        },
        Row("GET …/file: 404 for an image that the caller does not see, or that is not there") { site in
            try await site.stranger.expect(404, .get, "/v2/images/\(try await site.active())/file")
            try await site.owner.expect(404, .get, "/v2/images/none/file")
        },
        Row("GET …/file?prefer=: that store comes first; 400 for an unknown one", isMultiStore: true) { site in
            let path = "/v2/images/\(try await told(site))/file?prefer="
            for store in ["fast", "slow"] {
                #expect(try await site.owner.expect(200, .get, path + store).body == "from \(store).")
                #expect(try await site.owner.expect(200, .get, path + store + ",web").body == "from \(store).")
            }
            try await site.owner.expect(400, .get, path + "nowhere")
            try await site.owner.expect(400, .get, path + "fast,nowhere")
        },
        Row("GET …/file?prefer=: 403 by download_from_store", isMultiStore: true) { site in
            let path = "/v2/images/\(try await site.active())/file"
            try site.harness.setPolicies("\"download_from_store\": \"!\"\n")
            try await site.owner.expect(403, .get, path + "?prefer=fast")
            try await site.owner.expect(200, .get, path)
        },
        Row(
            "GET …/file: the store with the largest weight comes first", options: "[slow]\nweight = 1\n[DEFAULT]",
            isMultiStore: true
        ) {
            let path = "/v2/images/\(try await told($0))/file"
            for _ in 0..<8 { #expect(try await $0.owner.expect(200, .get, path).body == "from slow.") }
        },
        Row("GET …/file?prefer=: 400 with a single store") { site in
            try await site.owner.expect(400, .get, "/v2/images/\(try await site.active())/file?prefer=fast")
        },
        Row("GET …/file: the next location when the first cannot be opened", isMultiStore: true) { site in
            let id = try await site.inTwoStores()
            try FileManager.default.removeItem(at: site.harness.directory.appending(path: "fast/\(id)"))
            for _ in 0..<8 {
                #expect(try await site.owner.expect(200, .get, "/v2/images/\(id)/file").body == "0123456789")
            }
        },
        Row("GET …/file: nothing of an image that is not active yet") { site in
            for status in [ImageStatus.saving, .uploading, .importing] {
                let answer = try await site.owner.send(.get, "/v2/images/\(try await site.image(in: status))/file")
                #expect(answer.bytes.isEmpty && answer.status != 200, "\(status): \(answer.status)")
            }
        },
    ]

    /// An image whose data tell which store they come from.
    private static func told(_ site: RowSite) async throws -> String {
        let id = try await site.inTwoStores()
        for store in ["fast", "slow"] {
            try "from \(store).".write(
                to: site.harness.directory.appending(path: "\(store)/\(id)"), atomically: false, encoding: .utf8)
        }
        return id
    }

    @Test(arguments: downloads) func download(_ row: Row) async throws { try await row.run() }

    // MARK: Ranges

    /// A row of the table of ranges, of ten bytes.
    struct RangeRow: Sendable, CustomTestStringConvertible {
        let field: HTTPField.Name
        let value: String
        let status: Int
        /// Nil unless 206.
        var part: (data: String, range: String)?

        var testDescription: String { "\(field): \(value): \(status)" }
    }

    @Test(arguments: [
        RangeRow(field: .range, value: "bytes=0-9", status: 206, part: ("0123456789", "bytes 0-9/10")),
        RangeRow(field: .range, value: "bytes=2-4", status: 206, part: ("234", "bytes 2-4/10")),
        RangeRow(field: .range, value: "bytes=5-", status: 206, part: ("56789", "bytes 5-9/10")),
        RangeRow(field: .range, value: "bytes=-5", status: 206, part: ("56789", "bytes 5-9/10")),
        RangeRow(field: .range, value: "bytes=-11", status: 206, part: ("0123456789", "bytes 0-9/10")),
        RangeRow(field: .range, value: "bytes=8-10", status: 206, part: ("89", "bytes 8-9/10")),
        RangeRow(field: .range, value: "bytes=10-", status: 416),
        RangeRow(field: .range, value: "bytes=5-2", status: 416),
        RangeRow(field: .range, value: "items=0-1", status: 416),
        RangeRow(field: .range, value: "garbage", status: 416),
        RangeRow(field: .range, value: "bytes=0-1,3-4", status: 400),
        RangeRow(field: .contentRange, value: "bytes 5-9/*", status: 206, part: ("56789", "bytes 5-9/10")),
    ])
    func range(_ row: RangeRow) async throws {
        let site = try await RowSite()
        let id = try await site.active()
        var headers: HTTPFields = [:]
        headers[row.field] = row.value
        let answer = try await site.owner.expect(row.status, .get, "/v2/images/\(id)/file", headers: headers)
        guard let part = row.part else { return }
        #expect(answer.body == part.data && answer.headers[.contentRange] == part.range)
        #expect(answer.headers[.contentLength] == String(part.data.utf8.count))
        // Of the whole image.
        #expect(try await site.shown("checksum", of: id) == answer.headers[.contentMD5].map { .string($0) })
    }

    @Test("Range on an image whose size nobody knows: 200 with everything")
    func rangeOfUnknownSize() async throws {
        let site = try await RowSite()
        let id = try await site.active()
        let image = try #require(try await site.harness.service.database.images.find(id))
        var changed = image
        changed.size = nil
        try await site.harness.service.save(changed, over: image)
        let answer = try await site.owner.expect(
            200, .get, "/v2/images/\(id)/file", headers: [.range: "bytes=0-1"])
        #expect(answer.body == "0123456789")
    }

    // MARK: Stage

    static let stages: [Row] = [
        Row(
            "PUT …/stage: 204, and the image is uploading, on a node that nobody sees",
            options: "worker_self_reference_url = http://node-1:9292", isMultiStore: true
        ) { site in
            let id = try await site.queued()
            try await site.owner.expect(204, .put, "/v2/images/\(id)/stage", headers: .octets, body: "data")
            #expect(try await site.shown("status", of: id) == "uploading")
            #expect(try await site.shown("os_glance_stage_host", of: id) == nil)
            let image = try #require(try await site.harness.service.database.images.find(id))
            #expect(image.properties["os_glance_stage_host"] == "http://node-1:9292")
            #expect(image.locations.isEmpty && site.storedFiles.count == 1)
        },
        Row("PUT …/stage: 404 unless glance-direct is enabled", options: "enabled_import_methods = [web-download]") {
            let id = try await $0.queued()
            try await $0.owner.expect(404, .put, "/v2/images/\(id)/stage", headers: .octets, body: "data")
        },
        Row("PUT …/stage: 409 unless queued, and the second time", isMultiStore: true) { site in
            let id = try await site.queued()
            try await site.owner.expect(204, .put, "/v2/images/\(id)/stage", headers: .octets, body: "data")
            try await site.owner.expect(409, .put, "/v2/images/\(id)/stage", headers: .octets, body: "else")
            let active = try await site.active()
            try await site.owner.expect(409, .put, "/v2/images/\(active)/stage", headers: .octets, body: "else")
        },
        Row("PUT …/stage: 403 for a reader, and for another project that sees the image", isMultiStore: true) { site in
            let id = try await site.queued(#", "visibility": "community""#)
            for client in [site.reader, site.stranger] {
                try await client.expect(403, .put, "/v2/images/\(id)/stage", headers: .octets, body: "data")
            }
            #expect(try await site.isEmptyAndQueued(id))
        },
        Row("PUT …/stage: 413 beyond image_size_cap", options: "image_size_cap = 3", isMultiStore: true) { site in
            for headers in [.octets, octets(.transferEncoding, "chunked")] {
                let id = try await site.queued()
                try await site.owner.expect(413, .put, "/v2/images/\(id)/stage", headers: headers, body: "data")
                #expect(try await site.isEmptyAndQueued(id))
            }
        },
        Row("PUT …/stage: 415 for another Content-Type", isMultiStore: true) { site in
            let id = try await site.queued()
            try await site.owner.expect(415, .put, "/v2/images/\(id)/stage", body: "data")
            #expect(try await site.isEmptyAndQueued(id))
        },
        Row("PUT …/stage: 400 for another x-openstack-image-size than came", isMultiStore: true) { site in
            let id = try await site.queued()
            try await site.owner.expect(
                400, .put, "/v2/images/\(id)/stage", headers: octets(size, "99"), body: "data")
            #expect(try await site.isEmptyAndQueued(id))
        },
    ]

    @Test(arguments: stages) func stage(_ row: Row) async throws { try await row.run() }

    // MARK: Data in one of several stores

    static let stores: [Row] = [
        Row("DELETE /v2/stores/{store}/{image}: 204, and the data are gone from there", isMultiStore: true) { site in
            let id = try await site.inTwoStores()
            try await site.admin.expect(204, .delete, "/v2/stores/slow/\(id)")
            #expect(try await site.shown("stores", of: id) == "fast")
            #expect(site.storedFiles == [id])
            #expect(try await site.owner.expect(200, .get, "/v2/images/\(id)/file").body == "0123456789")
        },
        Row("DELETE /v2/stores/{store}/{image}: 403 for the last location", isMultiStore: true) { site in
            let id = try await site.active()
            try await site.admin.expect(403, .delete, "/v2/stores/fast/\(id)")
            #expect(site.storedFiles == [id])
        },
        Row("DELETE /v2/stores/{store}/{image}: 403 for others than administrators", isMultiStore: true) { site in
            let id = try await site.inTwoStores()
            for client in [site.owner, site.reader] { try await client.expect(403, .delete, "/v2/stores/slow/\(id)") }
            #expect(site.storedFiles.count == 2)
        },
        Row("DELETE /v2/stores/{store}/{image}: 404 for an unknown image, or one that is not there", isMultiStore: true)
        {
            site in
            try await site.admin.expect(404, .delete, "/v2/stores/slow/none")
            let id = try await site.inTwoStores()
            try await site.admin.expect(404, .delete, "/v2/stores/web/\(id)")
        },
        Row("DELETE /v2/stores/{store}/{image}: 404 with a single store") { site in
            try await site.admin.expect(404, .delete, "/v2/stores/fast/\(try await site.active())")
        },
        Row("DELETE /v2/stores/{store}/{image}: 409 for an unknown store", isMultiStore: true) { site in
            try await site.admin.expect(409, .delete, "/v2/stores/nowhere/\(try await site.inTwoStores())")
        },
        Row("DELETE /v2/stores/{store}/{image}: 409 unless the image is active", isMultiStore: true) { site in
            for id in [try await site.queued(), try await site.deactivated()] {
                try await site.admin.expect(409, .delete, "/v2/stores/fast/\(id)")
            }
        },
    ]

    @Test(arguments: stores) func inStore(_ row: Row) async throws { try await row.run() }
}
