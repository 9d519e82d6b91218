import HTTPTypes
import ImageDatabase
import JSON
import Testing

@testable import ImageAPI

/// Unified limits: which requests are 413, and `GET /v2/info/usage`. The limits are those that Keystone was last asked for; that
/// it is asked, and that no two requests pass a limit together, is in `UnifiedLimitsTests`.
@Suite struct LimitRowTests {
    private static let mebibyte = String(repeating: "x", count: 1 << 20)

    /// A row with the limits that it starts with, in the units of Keystone; all others are unlimited.
    private static func row(
        _ text: String, _ limits: [LimitedResource: Int64], isMultiStore: Bool = false,
        _ check: @escaping @Sendable (RowSite) async throws -> Void
    ) -> Row {
        Row(text, options: "use_keystone_limits = true", isMultiStore: isMultiStore) { site in
            try await site.harness.setLimits(limits)
            try await check(site)
        }
    }

    /// An upload or a staging that is refused and leaves nothing.
    private static func refused(
        _ part: String, _ data: String, _ site: RowSite, at location: SourceLocation = #_sourceLocation
    ) async throws {
        let id = try await site.queued()
        try await site.owner.expect(
            413, .put, "/v2/images/\(id)/\(part)", headers: .octets, body: data, at: location)
        let image = try await site.harness.service.database.images.find(id)
        #expect(image?.status == .queued && image?.size == nil, sourceLocation: location)
    }

    static let rows: [Row] = [
        row("POST /v2/images: 413 beyond image_count_total", [.imageCountTotal: 1]) { site in
            let id = try await site.queued()
            try await site.owner.expect(413, .post, "/v2/images", body: "{}")
            // Each project has its own.
            try await site.stranger.expect(201, .post, "/v2/images", body: "{}")
            try await site.owner.expect(204, .delete, "/v2/images/\(id)")
            try await site.owner.expect(201, .post, "/v2/images", body: "{}")
        },
        row("POST /v2/images: 413 beyond the limit of the owner, when an administrator acts", [.imageCountTotal: 1]) {
            site in
            _ = try await site.queued()
            try await site.admin.expect(413, .post, "/v2/images", body: #"{"owner": "ours"}"#)
            try await site.admin.expect(201, .post, "/v2/images", body: "{}")
        },
        row("PUT …/file: 413 beyond image_size_total", [.imageSizeTotal: 1]) { site in
            try await refused("file", mebibyte + mebibyte, site)
            #expect(site.storedFiles.isEmpty)
            let id = try await site.active(mebibyte)
            try await refused("file", mebibyte, site)
            #expect(site.storedFiles == [id])
        },
        row("PUT …/file: 413 beyond image_count_uploading", [.imageCountUploading: 0]) { site in
            try await refused("file", "data", site)
            #expect(site.storedFiles.isEmpty)
        },
        row("PUT …/stage: 413 beyond image_stage_total", [.imageStageTotal: 1], isMultiStore: true) { site in
            try await refused("stage", mebibyte + mebibyte, site)
            #expect(site.storedFiles.isEmpty)
            let id = try await site.queued()
            try await site.owner.expect(204, .put, "/v2/images/\(id)/stage", headers: .octets, body: mebibyte)
            try await refused("stage", mebibyte, site)
            #expect(site.storedFiles.count == 1)
            // What is deleted is not staged any more.
            try await site.owner.expect(204, .delete, "/v2/images/\(id)")
            let next = try await site.queued()
            try await site.owner.expect(204, .put, "/v2/images/\(next)/stage", headers: .octets, body: mebibyte)
        },
        row("PUT …/stage: 413 beyond image_count_uploading", [.imageCountUploading: 1], isMultiStore: true) { site in
            let id = try await site.queued()
            // A staged image counts until it is imported.
            try await site.owner.expect(204, .put, "/v2/images/\(id)/stage", headers: .octets, body: "data")
            try await refused("stage", "data", site)
        },
        row("POST …/import: 413 beyond image_size_total", [:], isMultiStore: true) { site in
            let full = try await site.active(mebibyte + mebibyte)
            try await site.harness.setLimits([.imageSizeTotal: 1])
            let source = #"{"method": {"name": "web-download", "uri": "http://127.0.0.1:9/"}}"#
            let copy = #"{"method": {"name": "copy-image"}, "stores": ["slow"]}"#
            let id = try await site.queued()
            try await site.owner.expect(413, .post, "/v2/images/\(id)/import", body: source)
            try await site.admin.expect(413, .post, "/v2/images/\(full)/import", body: copy)
            #expect(try await site.shown("status", of: id) == "queued")
            #expect(try await site.harness.service.database.imports.all().isEmpty)
        },
        row(
            "GET /v2/info/usage: limit and usage of each, sizes in MiB",
            [.imageSizeTotal: 5, .imageStageTotal: 6, .imageCountTotal: 7, .imageCountUploading: 8], isMultiStore: true
        ) { site in
            _ = try await site.active(mebibyte + mebibyte + "x")
            let id = try await site.queued()
            try await site.owner.expect(204, .put, "/v2/images/\(id)/stage", headers: .octets, body: mebibyte)
            let usage = try await site.owner.expect(200, .get, "/v2/info/usage")["usage"]
            #expect(
                usage == [
                    "image_size_total": ["limit": 5, "usage": 2], "image_stage_total": ["limit": 6, "usage": 1],
                    "image_count_total": ["limit": 7, "usage": 2], "image_count_uploading": ["limit": 8, "usage": 1],
                ])
            let nothing = try await site.stranger.expect(200, .get, "/v2/info/usage")["usage"]
            #expect(nothing?["image_size_total"] == ["limit": 5, "usage": 0])
        },
    ]

    @Test(arguments: rows) func row(_ row: Row) async throws { try await row.run() }
}
