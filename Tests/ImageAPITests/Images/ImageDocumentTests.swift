import ImageModel
import JSON
import Testing
import TextCoding

@testable import ImageAPI

@Suite struct ImageDocumentTests {
    private func members(_ image: Image, _ document: ImageDocument = ImageDocument()) throws -> [String: JSONValue] {
        var writer = JSONWriter()
        document.write(image, to: &writer)
        return try #require(try JSONValue.parse(writer.bytes).objectValue)
    }

    private let time = Timestamp(microseconds: 1_767_225_600_999_999)

    private var image: Image {
        Image(
            id: "i1", name: "näme \"x\"", status: .active, visibility: .shared, owner: "p", size: 5_000_000_000,
            virtualSize: 7, diskFormat: "raw", containerFormat: "bare", minDisk: 1, minRAM: 2, isProtected: true,
            isHidden: true, checksum: "c", hashAlgorithm: "sha512", hashValue: "h", createdAt: time,
            properties: ["os_distro": "debian", "empty": nil, "os_glance_import_task": "t"], tags: ["a", "b"],
            locations: [
                ImageLocation(url: "file:///a", metadata: ["store": "fast", "x": [1, .null]]),
                ImageLocation(url: "http://b/", metadata: ["store": "web"]),
            ])
    }

    @Test func allAttributes() throws {
        let expected: [String: JSONValue] = [
            "os_distro": "debian", "empty": "", "os_glance_import_task": "t", "name": "näme \"x\"",
            "disk_format": "raw", "container_format": "bare", "visibility": "shared", "size": 5_000_000_000,
            "virtual_size": 7, "status": "active", "checksum": "c", "protected": true, "min_ram": 2, "min_disk": 1,
            "owner": "p", "os_hidden": true, "os_hash_algo": "sha512", "os_hash_value": "h", "id": "i1",
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "tags": ["a", "b"],
            "self": "/v2/images/i1", "file": "/v2/images/i1/file", "schema": "/v2/schemas/image",
        ]
        #expect(try members(image) == expected)
    }

    @Test func nullsAreWritten() throws {
        let members = try members(Image(id: "i1"))
        for name in [
            "name", "disk_format", "container_format", "size", "virtual_size", "checksum", "owner", "os_hash_algo",
            "os_hash_value",
        ] {
            #expect(members[name] == .null, "\(name)")
        }
        #expect(members["tags"] == [])
        #expect(members["status"] == "queued")
    }

    @Test func onlyDeclaredPropertiesAreNull() throws {
        var document = ImageDocument()
        document.declared = try ImageSchema.forTests().names
        var image = Image(id: "i1")
        image.properties = ["kernel_id": nil, "other": nil]
        let members = try members(image, document)
        #expect(members["kernel_id"] == .null)
        #expect(members["other"] == "")
    }

    @Test func bookkeepingIsHidden() throws {
        var image = Image(id: "i1")
        image.properties = [
            "os_glance_stage_host": "h", "os_glance_hash_op_host": "h", "os_glance_failed_import": "a", "name": "fake",
            "self": "fake", "stores": "fake",
        ]
        let members = try members(image)
        #expect(members["os_glance_stage_host"] == nil)
        #expect(members["os_glance_hash_op_host"] == nil)
        #expect(members["os_glance_failed_import"] == "a")
        #expect(members["name"] == .null)
        #expect(members["self"] == "/v2/images/i1")
        #expect(members["stores"] == nil)
    }

    @Test func locationsOnlyWhereConfigured() throws {
        var document = ImageDocument()
        document.showsLocations = true
        let shown = try members(image, document)
        #expect(
            shown["locations"] == [
                ["url": "file:///a", "metadata": ["store": "fast", "x": [1, .null]]],
                ["url": "http://b/", "metadata": ["store": "web"]],
            ])
        #expect(shown["direct_url"] == nil)
        #expect(shown["stores"] == nil)
        #expect(try members(Image(id: "i1"), document)["locations"] == [])
    }

    /// As Zed and older releases wrote them.
    @Test(arguments: [
        ("s3://access:se/cr@et@host/bucket/key", "s3://host/bucket/key"),
        ("s3+https://access:secret@host:8080/bucket/key", "s3+https://host:8080/bucket/key"),
        ("s3://host/bucket/key", "s3://host/bucket/key"), ("file:///a@b", "file:///a@b"),
        ("s3://host/bucket/a@b", "s3://host/bucket/a@b"),
        ("swift+http://service%3Aglance:k%40y@host:5000/v3/glance/image", "swift+http://host:5000/v3/glance/image"),
        ("swift://service:glance:secret@host/v2.0/glance/image", "swift://host/v2.0/glance/image"),
        ("swift+config://ref1/glance/image", "swift+config://ref1/glance/image"),
    ])
    func credentialsOfStoresAreNotShown(_ url: String, _ shown: String) throws {
        var image = image
        image.locations = [ImageLocation(url: url, metadata: ["store": "cold"])]
        var document = ImageDocument()
        document.showsLocations = true
        document.showsDirectURL = true
        let members = try members(image, document)
        #expect(members["locations"] == [["url": .string(shown), "metadata": ["store": "cold"]]])
        #expect(members["direct_url"] == .string(shown))
    }

    @Test func directURLIsThatOfTheHeaviestStore() throws {
        var document = ImageDocument()
        document.showsDirectURL = true
        #expect(try members(image, document)["direct_url"] == "file:///a")
        document.weights = ["web": 5]
        #expect(try members(image, document)["direct_url"] == "http://b/")
        document.weights = ["fast": -1]
        #expect(try members(image, document)["direct_url"] == "http://b/")
        #expect(try members(Image(id: "i1"), document)["direct_url"] == nil)
    }

    @Test func storesOfImagesWithData() throws {
        var document = ImageDocument()
        document.showsStores = true
        #expect(try members(image, document)["stores"] == "fast,web")
        #expect(try members(Image(id: "i1"), document)["stores"] == nil)
    }

    @Test func redactedLocationsShowOnlyTheirStores() throws {
        var image = image
        image.locations = image.locations.map { ImageLocation(url: "", metadata: $0.metadata) }
        var document = ImageDocument()
        document.showsLocations = true
        document.showsDirectURL = true
        document.showsStores = true
        let members = try members(image, document)
        #expect(members["locations"] == [])
        #expect(members["direct_url"] == nil)
        #expect(members["stores"] == "fast,web")
    }

    @Test func locationsOfRunningImportsAreHidden() throws {
        var image = image
        image.locations[0].status = .uploading
        var document = ImageDocument()
        document.showsLocations = true
        document.showsDirectURL = true
        document.showsStores = true
        let members = try members(image, document)
        #expect(members["locations"]?.arrayValue?.count == 1)
        #expect(members["direct_url"] == "http://b/")
        #expect(members["stores"] == "web")
    }
}
