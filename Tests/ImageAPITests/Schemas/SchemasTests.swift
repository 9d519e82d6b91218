import Foundation
import ImageModel
import ImageService
import JSON
import Testing

@testable import ImageAPI

@Suite struct SchemasTests {
    @Test func imageSchemaNamesEveryAttribute() throws {
        let schema = try ImageSchema(diskFormats: ["raw", "iso"], containerFormats: ["bare"])
        let properties = try #require(schema.document["properties"]?.objectValue)
        #expect(Set(properties.keys) == ImageAttributes.base)
        #expect(properties["disk_format"]?.objectValue?["enum"] == [.null, "raw", "iso"])
        #expect(properties["container_format"]?.objectValue?["enum"] == [.null, "bare"])
        #expect(schema.document["additionalProperties"] == ["type": "string"])
        #expect(schema.document["required"] == nil)
        #expect(schema.document["name"] == "image")
    }

    /// What the schema calls read-only is what requests are refused for.
    @Test func readOnlyAttributesAreMarked() throws {
        let schema = try ImageSchema(diskFormats: [], containerFormats: [])
        let properties = try #require(schema.document["properties"]?.objectValue)
        let marked = properties.filter { $0.value.objectValue?["readOnly"] == true }.keys
        #expect(Set(marked).union(["id"]) == ImageAttributes.readOnly)
    }

    @Test func everySchemaIsServed() throws {
        let paths = Schemas(image: try ImageSchema.forTests()).routes.map(\.template)
        let images = ["image", "images", "member", "members", "task", "tasks"]
        let metadefs = [
            "namespace", "namespaces", "object", "objects", "property", "properties", "tag", "tags", "resource_type",
            "resource_types",
        ]
        #expect(Set(paths) == Set(images.map { "/v2/schemas/\($0)" } + metadefs.map { "/v2/schemas/metadefs/\($0)" }))
        #expect(paths.count == 16)
    }

    @Test func everySchemaCanBeChecked() throws {
        for document in [
            MemberSchema.document, MemberSchema.collection, TaskSchema.document, TaskSchema.collection,
            MetadefSchemas.namespace, MetadefSchemas.namespaces, MetadefSchemas.object, MetadefSchemas.objects,
            MetadefSchemas.property, MetadefSchemas.properties, MetadefSchemas.tag, MetadefSchemas.tags,
            MetadefSchemas.resourceType, MetadefSchemas.resourceTypes,
        ] {
            _ = try JSONSchema(.object(document))
        }
    }

    @Test func collectionsHoldTheirItems() throws {
        let image = try ImageSchema.forTests()
        let images = SchemaDocument.collection("images", of: image.document)
        let properties = try #require(images["properties"]?.objectValue)
        #expect(Set(properties.keys) == ["images", "first", "next", "schema"])
        #expect(properties["images"]?.objectValue?["items"] == .object(image.document))
        let members = try #require(MemberSchema.collection["properties"]?.objectValue)
        #expect(Set(members.keys) == ["members", "schema"])
        #expect(MetadefSchemas.namespaces["definitions"] == MetadefSchemas.namespace["definitions"])
        let items = MetadefSchemas.namespaces["properties"]?.objectValue?["namespaces"]?.objectValue?["items"]
        #expect(items?.objectValue?["definitions"] == nil)
        #expect(TaskSchema.collection["properties"]?.objectValue?["tasks"] != nil)
    }

    // MARK: schema-image.json

    @Test func customPropertiesInBothForms() throws {
        let flat = try CustomImageProperties(["team": ["type": "string"]])
        let extended = try CustomImageProperties(["properties": ["team": ["type": "string"]], "required": ["team"]])
        #expect(flat.properties == extended.properties)
        #expect(flat.required.isEmpty)
        #expect(extended.required == ["team"])
        #expect(try CustomImageProperties(["properties": [:], "required": .null]).required.isEmpty)
        let schema = try ImageSchema(diskFormats: [], containerFormats: [], custom: extended)
        #expect(schema.document["required"] == ["team"])
        let team = schema.document["properties"]?.objectValue?["team"]
        #expect(team == ["type": "string", "is_base": false])
    }

    @Test(
        arguments: [
            [], "x", ["properties": []], ["properties": [:], "required": "team"], ["properties": [:], "required": [1]],
            ["team": "string"], ["team": ["type": "colour"]], ["name": ["type": "integer"]],
            ["team": ["type": "string", "pattern": "("]],
        ] as [JSONValue])
    func unusableCustomProperties(document: JSONValue) {
        #expect(throws: (any Error).self) {
            try ImageSchema(
                diskFormats: [], containerFormats: [], custom: try CustomImageProperties(document))
        }
    }

    @Test func theFirstFileInTheDirectoriesCounts() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "schemas-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        let directories = ["a", "b", "c"].map { root.appending(path: $0) }
        for directory in directories {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        }
        let paths = directories.map { $0.path() }
        #expect(try CustomImageProperties.find(in: paths + ["/nonexistent"]).properties.isEmpty)
        try #"{"second": {"type": "string"}}"#.write(
            to: directories[1].appending(path: "schema-image.json"), atomically: true, encoding: .utf8)
        try "{".write(to: directories[2].appending(path: "schema-image.json"), atomically: true, encoding: .utf8)
        #expect(try CustomImageProperties.find(in: paths).properties.keys.sorted() == ["second"])
        let problem = #expect(throws: CustomImageProperties.Problem.self) {
            try CustomImageProperties.find(in: [paths[2]])
        }
        #expect(problem?.description.contains("c/schema-image.json is not JSON") == true)
    }

    @Test func theShippedFileIsUsable() throws {
        let etc = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../etc").standardized
        let shipped = try CustomImageProperties.find(in: [etc.path()])
        #expect(shipped.properties["kernel_id"] != nil)
        let schema = try ImageSchema(diskFormats: [], containerFormats: [], custom: shipped)
        #expect(try ImageDraft(json: ["kernel_id": .null], schema: schema).properties == ["kernel_id": nil])
        #expect(throws: APIError.self) { try ImageDraft(json: ["kernel_id": "x"], schema: schema) }
    }
}
