import HTTPTypes
import JSON
import Testing

@testable import ImageAPI

/// `/v2/info`: what a site can do.
@Suite struct DiscoveryRowTests {
    static let rows: [Row] = [
        Row("GET /v2/info/import: the methods that are enabled", isMultiStore: true) { site in
            let answer = try await site.reader.expect(200, .get, "/v2/info/import")
            #expect(
                answer["import-methods"] == [
                    "description": "Import methods available.", "type": "array",
                    "value": ["glance-direct", "web-download", "copy-image"],
                ])
        },
        Row("GET /v2/info/stores: ids, and the default and read-only ones marked by strings", isMultiStore: true) {
            let answer = try await $0.reader.expect(200, .get, "/v2/info/stores")
            #expect(
                answer["stores"] == [
                    ["id": "fast", "default": "true"], ["id": "slow"], ["id": "web", "read-only": "true"],
                ]
            )
        },
        Row("GET /v2/info/stores: 404 with a single store") { site in
            try await site.reader.expect(404, .get, "/v2/info/stores")
            try await site.admin.expect(404, .get, "/v2/info/stores/detail")
        },
        Row(
            "GET /v2/info/stores/detail: type, weight and properties, for administrators and services",
            isMultiStore: true
        ) {
            site in
            for client in [site.admin, site.service] {
                let stores = try await client.expect(200, .get, "/v2/info/stores/detail")["stores"]?.arrayValue ?? []
                #expect(stores.map { $0["type"] } == ["file", "file", "http"])
                #expect(stores.map { $0["weight"] } == [0, 0, 0])
                let properties = stores.map { Set($0["properties"]?.objectValue?.keys.map { $0 } ?? ["?"]) }
                let file: Set = ["data_dir", "chunk_size", "thin_provisioning"]
                #expect(properties == [file, file, []])
            }
            try await site.owner.expect(403, .get, "/v2/info/stores/detail")
        },
        Row("GET /v2/info/usage: nothing without unified limits") { site in
            let answer = try await site.reader.expect(200, .get, "/v2/info/usage")
            #expect(answer.body == #"{"usage": {}}"#)
        },
    ]

    @Test(arguments: rows) func row(_ row: Row) async throws { try await row.run() }
}
