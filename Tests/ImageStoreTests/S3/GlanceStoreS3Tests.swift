import Foundation
import ImageModel
import ImageStore
import TestSupport
import Testing

@testable import S3Driver

/// Python's own driver, glance_store 5.7 with boto3, and ours on the same bucket.
@Suite struct GlanceStoreS3Tests {
    private static func python(_ options: [String: String], _ arguments: [String]) async throws -> String {
        let environment = try await command(Project.support("fetch"), ["glance-store-s3"])
        var values: [String: Any] = options
        values["s3_store_create_bucket_on_put"] = true
        values["s3_store_large_object_size"] = 8
        let text = String(decoding: try JSONSerialization.data(withJSONObject: values), as: UTF8.self)
        return try await command(
            environment.trimmingCharacters(in: .whitespacesAndNewlines) + "/bin/python",
            [Project.support("python/glance-store-s3.py"), text] + arguments
        ).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test(arguments: [0, 1_000_000, 25_000_000])
    func readsAndRemovesWhatGlanceStored(_ size: Int) async throws {
        let options = try await S3Service.gateway().options()
        try await withTemporaryDirectory { directory in
            let bytes = Noise.bytes(size, seed: 1)
            try Data(bytes).write(to: URL(filePath: "\(directory)/data"))
            let id = UUID().uuidString.lowercased()
            let url = try await Self.python(options, ["add", id, "\(directory)/data"])
            let store = try S3Store.made(options)
            let location = ImageLocation(url: url)
            #expect(store.location(of: id).url == url)
            #expect(store.owns(location))
            #expect(try await store.size(of: location) == Int64(size))
            #expect(try await store.read(location) == bytes)
            await #expect(throws: StoreError.duplicate) {
                try await store.makeWriter(imageID: id, uploadID: "upload", expectedSize: nil)
            }
            try await store.delete(location)
            #expect(try await store.contents() == [])
            await store.shutdown()
        }
    }

    @Test(arguments: [0, 1_000_000, 25_000_000])
    func glanceReadsAndRemovesWhatIsStored(_ size: Int) async throws {
        let options = try await S3Service.gateway().options()
        try await withTemporaryDirectory { directory in
            let store = try S3Store.made(options)
            try await store.prepare()
            let bytes = Noise.bytes(size, seed: 2)
            let location = try await store.add(UUID().uuidString.lowercased(), bytes)
            #expect(try await Self.python(options, ["size", location.url]) == "\(size)")
            _ = try await Self.python(options, ["get", location.url, "\(directory)/data"])
            #expect(try Array(Data(contentsOf: URL(filePath: "\(directory)/data"))) == bytes)
            _ = try await Self.python(options, ["delete", location.url])
            #expect(try await store.contents() == [])
            await store.shutdown()
        }
    }
}
