import ImageModel
import ImageService
import JSON
import Testing

@testable import ImageAPI

extension ImageSchema {
    /// The schema that tests use: few formats, and a property that may be null.
    static func forTests() throws -> ImageSchema {
        try ImageSchema(
            diskFormats: ["raw", "qcow2"], containerFormats: ["bare"],
            custom: CustomImageProperties(["kernel_id": ["type": ["null", "string"]], "cores": ["type": "integer"]]))
    }
}

@Suite struct ImageDraftTests {
    private func read(_ text: String) throws -> ImageDraft {
        try ImageDraft(json: JSONValue.parse(text), schema: ImageSchema.forTests())
    }

    @Test func anEmptyObjectIsADraft() throws {
        #expect(try read("{}") == ImageDraft())
    }

    @Test func everyWritableAttribute() throws {
        let draft = try read(
            """
            {"id": "0b1c2d3e-0000-4000-8000-00000000ABCD", "name": "n", "visibility": "community", "owner": "p",
             "disk_format": "raw", "container_format": "bare", "min_disk": 1, "min_ram": 2147483647, "protected": true,
             "os_hidden": true, "tags": ["b", "a", "b"], "os_distro": "debian", "kernel_id": null, "cores": 4}
            """)
        var expected = ImageDraft()
        expected.id = "0b1c2d3e-0000-4000-8000-00000000ABCD"
        expected.name = "n"
        expected.visibility = .community
        expected.owner = "p"
        expected.diskFormat = "raw"
        expected.containerFormat = "bare"
        expected.minDisk = 1
        expected.minRAM = 2_147_483_647
        expected.isProtected = true
        expected.isHidden = true
        expected.tags = ["b", "a"]
        expected.properties = ["os_distro": "debian", "kernel_id": nil, "cores": "4"]
        #expect(draft == expected)
    }

    /// JSON Schema's integers are numbers without a fraction, however they are written.
    @Test(
        arguments: [
            ("1.0", 1), ("1e2", 100), ("2147483647.0", 2_147_483_647), ("0.0", 0), ("-0.0", 0), ("25e-1e", nil),
            ("2147483648.0", nil), ("1e300", nil), ("-1.0", nil), ("2.5", nil), ("25e-1", nil),
        ] as [(String, Int?)])
    func minimaMayBeWrittenAsDecimals(text: String, expected: Int?) throws {
        #expect((try? read(#"{"min_disk": \#(text)}"#))?.minDisk == expected)
        #expect((try? read(#"{"min_ram": \#(text)}"#))?.minRAM == expected)
    }

    @Test func nullOwnerIsNotNoOwner() throws {
        #expect(try read(#"{"owner": null}"#).owner == .some(nil))
        #expect(try read(#"{"owner": ""}"#).owner == .some(nil))
        #expect(try read(#"{"name": null}"#).owner == nil)
    }

    @Test(arguments: [
        "[]", "1", "null", #""x""#, "true", #"{"name": 1}"#, #"{"id": "x"}"#,
        #"{"id": "0b1c2d3e-0000-4000-8000-00000000ABCD\n"}"#, #"{"min_disk": -1}"#, #"{"min_ram": 2147483648}"#,
        #"{"min_disk": "1"}"#, #"{"min_disk": 1.5}"#, #"{"min_ram": true}"#, #"{"disk_format": "vhd"}"#,
        #"{"container_format": "ova"}"#, #"{"visibility": "secret"}"#, #"{"protected": "true"}"#, #"{"tags": "a"}"#,
        #"{"tags": [1]}"#, #"{"custom": 1}"#, #"{"custom": true}"#, #"{"custom": null}"#, #"{"custom": ["a"]}"#,
        #"{"cores": "4"}"#, #"{"name": "\#u{1F600}"}"#, #"{"\#u{1F600}": "x"}"#, #"{"tags": ["\ud83d\ude00"]}"#,
        #"{"size": "big"}"#, #"{"name": "a\u0000"}"#, #"{"\u0000": "a"}"#, #"{"status": "flying"}"#,
    ])
    func malformed(text: String) {
        let error = #expect(throws: APIError.self) { try read(text) }
        #expect(error?.status == .badRequest)
    }

    @Test(arguments: [
        #"{"self": "/"}"#, #"{"file": "/"}"#, #"{"schema": "/"}"#, #"{"direct_url": "x"}"#, #"{"stores": "a"}"#,
        #"{"stores": ["a"]}"#, #"{"status": "active"}"#, #"{"checksum": "x"}"#, #"{"size": 1}"#,
        #"{"virtual_size": 1}"#,
        #"{"created_at": "x"}"#, #"{"updated_at": "x"}"#, #"{"os_hash_algo": "md5"}"#, #"{"os_hash_value": "x"}"#,
        #"{"location": "x"}"#, #"{"deleted": "x"}"#, #"{"deleted_at": "x"}"#, #"{"locations": []}"#,
        #"{"os_glance_import_task": "x"}"#, #"{"os_glance": "x"}"#,
    ])
    func forbidden(text: String) {
        let error = #expect(throws: APIError.self) { try read(text) }
        #expect(error?.status == .forbidden)
    }

    @Test func lengths() throws {
        let (fits, long) = (String(repeating: "ä", count: 255), String(repeating: "a", count: 256))
        #expect(try read(#"{"name": "\#(fits)"}"#).name == fits)
        #expect(try read(#"{"\#(fits)": "x"}"#).properties == [fits: "x"])
        for text in [
            #"{"name": "\#(long)"}"#, #"{"\#(long)": "x"}"#, #"{"tags": ["\#(long)"]}"#, #"{"owner": "\#(long)"}"#,
        ] {
            let error = #expect(throws: APIError.self) { try read(text) }
            #expect(error?.status == .badRequest)
        }
    }

    @Test func requiredPropertiesMustBeThere() throws {
        let schema = try ImageSchema(
            diskFormats: [], containerFormats: [],
            custom: CustomImageProperties(["properties": ["team": ["type": "string"]], "required": ["team"]]))
        #expect(throws: APIError.self) { try ImageDraft(json: [:], schema: schema) }
        #expect(try ImageDraft(json: ["team": "x"], schema: schema).properties == ["team": "x"])
        // A patch names only what it changes.
        let patch = try ImagePatch(
            json: [["op": "replace", "path": "/name", "value": "x"]], dialect: .v21, schema: schema)
        #expect(patch.changes == [.name("x")])
    }
}
