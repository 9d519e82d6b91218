import HTTPTypes
import ImageModel
import ImageStore
import JSON
import Testing

@testable import ImageAPI
@testable import ImageService

/// The states of an image, and the requests that lead from one to another; and how failures of a store are answered.
@Suite struct StateRowTests {
    /// Expects an image to be in a state.
    private static func expect(
        _ status: ImageStatus, _ id: String, _ site: RowSite, at location: SourceLocation = #_sourceLocation
    ) async throws {
        let image = try #require(try await site.harness.service.database.images.find(id))
        #expect(image.status == status, sourceLocation: location)
    }

    static let rows: [Row] = [
        Row("– to queued: create") { site in
            try await expect(.queued, try await site.queued(), site)
        },
        Row("queued to saving to active: upload; back to queued when it fails") { site in
            let id = try await site.queued()
            try await site.owner.expect(
                400, .put, "/v2/images/\(id)/file", headers: .octets.with(.imageSize, "9"), body: "data")
            try await expect(.queued, id, site)
            try await site.owner.expect(204, .put, "/v2/images/\(id)/file", headers: .octets, body: "data")
            try await expect(.active, id, site)
        },
        Row("queued to uploading to importing: stage, import glance-direct", isMultiStore: true) { site in
            let id = try await site.queued()
            try await site.owner.expect(204, .put, "/v2/images/\(id)/stage", headers: .octets, body: "data")
            try await expect(.uploading, id, site)
            let body = #"{"method": {"name": "glance-direct"}}"#
            try await site.owner.expect(202, .post, "/v2/images/\(id)/import", body: body)
            try await expect(.importing, id, site)
        },
        Row("queued to importing: import web-download", isMultiStore: true) { site in
            let id = try await site.queued()
            let body = #"{"method": {"name": "web-download", "uri": "http://127.0.0.1:9/"}}"#
            try await site.owner.expect(202, .post, "/v2/images/\(id)/import", body: body)
            try await expect(.importing, id, site)
        },
        Row("queued to active: the first location", options: "show_multiple_locations = true", isMultiStore: true) {
            site in
            let id = try await site.queued()
            let location = #"{"url": "http://127.0.0.1:9/", "metadata": {}}"#
            try await site.owner.patch(200, id, #"{"op": "add", "path": "/locations/-", "value": \#(location)}"#)
            try await expect(.active, id, site)
        },
        Row("active to deactivated, and back: actions") { site in
            let id = try await site.deactivated()
            try await expect(.deactivated, id, site)
            try await site.admin.expect(204, .post, "/v2/images/\(id)/actions/reactivate")
            try await expect(.active, id, site)
        },
        Row("active to active: import copy-image", isMultiStore: true) { site in
            let id = try await site.active()
            let body = #"{"method": {"name": "copy-image"}, "stores": ["slow"]}"#
            try await site.admin.expect(202, .post, "/v2/images/\(id)/import", body: body)
            try await expect(.active, id, site)
        },
        Row("any to deleted: DELETE") { site in
            for status in ImageStatus.allCases where ![.deleted, .pendingDelete, .active].contains(status) {
                let id = try await site.image(in: status)
                try await site.owner.expect(204, .delete, "/v2/images/\(id)")
                try await expectGone(id, site)
            }
            let id = try await site.active()
            try await site.owner.expect(204, .delete, "/v2/images/\(id)")
            try await expectGone(id, site)
            #expect(site.storedFiles.isEmpty)
        },
        Row(
            "active to pending_delete: DELETE with delayed_delete; others are deleted", options: "delayed_delete = true"
        ) {
            site in
            let id = try await site.active()
            try await site.owner.expect(204, .delete, "/v2/images/\(id)")
            #expect(site.storedFiles == [id])
            let locked = try await site.deactivated()
            try await site.admin.expect(204, .delete, "/v2/images/\(locked)")
            #expect(site.storedFiles == [id])
        },
    ]

    private static func expectGone(
        _ id: String, _ site: RowSite, at location: SourceLocation = #_sourceLocation
    ) async throws {
        try await site.admin.expect(404, .get, "/v2/images/\(id)", at: location)
        // The id stays taken.
        try await site.admin.expect(409, .post, "/v2/images", body: #"{"id": "\#(id)"}"#, at: location)
    }

    @Test(arguments: rows) func row(_ row: Row) async throws { try await row.run() }

    @Test(
        "a store that fails: 413 when it is full, 410 when it takes nothing, 503 when it denies or is late, 409 in use",
        arguments: [
            (StoreError.full, 413), (.readOnly, 410), (.permissionDenied("x"), 503), (.timeout, 503),
            (.inUse("a clone"), 409), (.backend("away"), 503),
        ])
    func failure(error: StoreError, status: Int) {
        #expect(APIError(ImageService.clientError(error)).status.code == status)
    }
}

extension HTTPFields {
    /// These, and one more.
    fileprivate func with(_ name: HTTPField.Name, _ value: String) -> HTTPFields {
        var fields = self
        fields[name] = value
        return fields
    }
}
