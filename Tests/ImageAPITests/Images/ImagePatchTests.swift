import ImageModel
import ImageService
import JSON
import Testing

@testable import ImageAPI

@Suite struct ImagePatchTests {
    private func changes(_ text: String, _ dialect: ImagePatch.Dialect = .v21) throws -> [ImageChange] {
        try ImagePatch(json: JSONValue.parse(text), dialect: dialect, schema: ImageSchema.forTests()).changes
    }

    @Test(
        arguments: [
            ("application/openstack-images-v2.1-json-patch", ImagePatch.Dialect.v21),
            ("application/openstack-images-v2.0-json-patch", .v20),
            ("Application/OpenStack-Images-V2.1-JSON-Patch ; charset=utf-8", .v21),
            ("application/openstack-images-v2.2-json-patch", nil),
            ("application/json-patch+json", nil),
            ("application/json", nil), ("", nil), (nil, nil),
        ] as [(String?, ImagePatch.Dialect?)])
    func mediaTypes(type: String?, dialect: ImagePatch.Dialect?) {
        #expect(ImagePatch.Dialect(contentType: type) == dialect)
    }

    @Test func anEmptyListChangesNothing() throws {
        #expect(try changes("[]").isEmpty)
        #expect(try changes("[]", .v20).isEmpty)
    }

    @Test(arguments: [
        (#"{"op": "replace", "path": "/name", "value": null}"#, ImageChange.name(nil)),
        (#"{"op": "add", "path": "/name", "value": "x"}"#, .name("x")),
        (#"{"op": "replace", "path": "/visibility", "value": "public"}"#, .visibility(.public)),
        (#"{"op": "replace", "path": "/owner", "value": "p"}"#, .owner("p")),
        (#"{"op": "replace", "path": "/protected", "value": true}"#, .isProtected(true)),
        (#"{"op": "replace", "path": "/os_hidden", "value": false}"#, .isHidden(false)),
        (#"{"op": "replace", "path": "/min_disk", "value": 7}"#, .minDisk(7)),
        (#"{"op": "replace", "path": "/min_ram", "value": 0}"#, .minRAM(0)),
        (#"{"op": "replace", "path": "/disk_format", "value": "raw"}"#, .diskFormat("raw")),
        (#"{"op": "replace", "path": "/container_format", "value": null}"#, .containerFormat(nil)),
        (#"{"op": "replace", "path": "/tags", "value": ["a", "b", "a"]}"#, .tags(["a", "b"])),
        (#"{"op": "add", "path": "/os", "value": "x"}"#, .addProperty(name: "os", value: "x", mustBeNew: false)),
        (#"{"op": "replace", "path": "/os", "value": ""}"#, .replaceProperty(name: "os", value: "")),
        (#"{"op": "replace", "path": "/kernel_id", "value": null}"#, .replaceProperty(name: "kernel_id", value: nil)),
        (#"{"op": "remove", "path": "/os"}"#, .removeProperty(name: "os")),
        (#"{"op": "remove", "path": "/a~1b~0c~01"}"#, .removeProperty(name: "a/b~c~1")),
        (#"{"op": "remove", "path": "/ os "}"#, .removeProperty(name: "os")),
        (#"{"op": "remove", "path": "/ä"}"#, .removeProperty(name: "ä")),
        (#"{"op": "remove", "path": "/os", "value": 1, "extra": 2}"#, .removeProperty(name: "os")),
        (#"{"op": "remove", "path": "/locations/2"}"#, .removeLocation(index: 2)),
        (#"{"op": "remove", "path": "/locations/-"}"#, .removeLocation(index: nil)),
        (#"{"op": "replace", "path": "/min_ram", "value": 5.0}"#, .minRAM(5)),
        (#"{"op": "replace", "path": "/owner", "value": ""}"#, .owner(nil)),
        (
            #"{"op": "add", "path": "/locations/-", "value": {"url": "http://h/x", "metadata": {"a": 1}}}"#,
            .addLocation(index: nil, LocationDraft(url: "http://h/x", metadata: ["a": 1]))
        ),
        (
            #"{"op": "add", "path": "/locations/99999999999999999999", "value": {"url": "x", "metadata": {}}}"#,
            .addLocation(index: .max, LocationDraft(url: "x"))
        ),
        (
            #"{"op": "replace", "path": "/locations", "value": [{"url": "x", "metadata": {}, "validation_data": {"os_hash_algo": "sha1", "os_hash_value": "00"}}]}"#,
            .replaceLocations([LocationDraft(url: "x", hashAlgorithm: "sha1", hashValue: "00")])
        ),
        (#"{"op": "replace", "path": "/locations", "value": []}"#, .replaceLocations([])),
    ])
    func operationsOfVersion21(text: String, expected: ImageChange) throws {
        #expect(try changes("[\(text)]") == [expected])
    }

    @Test(arguments: [
        (#"{"replace": "/name", "value": "x"}"#, ImageChange.name("x")),
        (#"{"add": "/os", "value": "x"}"#, .addProperty(name: "os", value: "x", mustBeNew: true)),
        (#"{"replace": "/os", "value": "x"}"#, .replaceProperty(name: "os", value: "x")),
        (#"{"remove": "/os"}"#, .removeProperty(name: "os")),
        (#"{"remove": "/locations/0"}"#, .removeLocation(index: 0)),
        (
            #"{"add": "/locations/0", "value": {"url": "x", "metadata": {}}}"#,
            .addLocation(index: 0, LocationDraft(url: "x"))
        ),
    ])
    func operationsOfVersion20(text: String, expected: ImageChange) throws {
        #expect(try changes("[\(text)]", .v20) == [expected])
    }

    @Test func operationsKeepTheirOrder() throws {
        let text = #"[{"op": "remove", "path": "/a"}, {"op": "add", "path": "/a", "value": "1"}]"#
        #expect(
            try changes(text) == [.removeProperty(name: "a"), .addProperty(name: "a", value: "1", mustBeNew: false)])
    }

    @Test(arguments: [
        (#"{}"#, 400), (#"{"op": "add"}"#, 400), (#"{"path": "/a", "value": "1"}"#, 400),
        (#"{"op": "test", "path": "/a", "value": "1"}"#, 400), (#"{"op": "move", "from": "/a", "path": "/b"}"#, 400),
        (#"{"op": 1, "path": "/a", "value": "1"}"#, 400), (#"{"op": "add", "path": 5, "value": "1"}"#, 400),
        (#"{"op": "add", "path": "/a"}"#, 400), (#"{"op": "replace", "path": "/a"}"#, 400),
        (#"{"op": "add", "path": "a", "value": "1"}"#, 400), (#"{"op": "add", "path": "", "value": "1"}"#, 400),
        (#"{"op": "add", "path": "//a", "value": "1"}"#, 400), (#"{"op": "add", "path": "/a/", "value": "1"}"#, 400),
        (#"{"op": "add", "path": "/a//b", "value": "1"}"#, 400), (#"{"op": "add", "path": "/a/b", "value": "1"}"#, 400),
        (#"{"op": "add", "path": "/a~", "value": "1"}"#, 400), (#"{"op": "add", "path": "/a~2", "value": "1"}"#, 400),
        (#"{"op": "add", "path": "/tags/-", "value": "1"}"#, 400), (#"{"op": "remove", "path": "/tags/0"}"#, 400),
        (#"{"op": "add", "path": "/a", "value": 1}"#, 400), (#"{"op": "add", "path": "/a", "value": null}"#, 400),
        (#"{"op": "replace", "path": "/visibility", "value": "x"}"#, 400),
        (#"{"op": "replace", "path": "/visibility", "value": null}"#, 400),
        (#"{"op": "replace", "path": "/protected", "value": "x"}"#, 400),
        (#"{"op": "replace", "path": "/min_disk", "value": -1}"#, 400),
        (#"{"op": "replace", "path": "/min_ram", "value": 2147483648}"#, 400),
        (#"{"op": "replace", "path": "/tags", "value": ["\ud83d\ude00"]}"#, 400),
        (#"{"op": "add", "path": "/\ud83d\ude00", "value": "1"}"#, 400),
        (#"{"op": "add", "path": "/locations", "value": [{"url": "x", "metadata": {}}]}"#, 400),
        (#"{"op": "add", "path": "/locations/x", "value": {"url": "x", "metadata": {}}}"#, 400),
        (#"{"op": "add", "path": "/locations/-1", "value": {"url": "x", "metadata": {}}}"#, 400),
        (#"{"op": "add", "path": "/locations/0", "value": {"url": "x"}}"#, 400),
        (#"{"op": "add", "path": "/locations/0", "value": "x"}"#, 400),
        (#"{"op": "add", "path": "/locations/0/url", "value": "x"}"#, 400),
        (#"{"op": "replace", "path": "/locations/0", "value": {"url": "x", "metadata": {}}}"#, 400),
        (#"{"op": "replace", "path": "/locations", "value": {"url": "x", "metadata": {}}}"#, 400),
        (#"{"op": "remove", "path": "/locations"}"#, 400),
        (#"{"op": "add", "path": "/id", "value": "x"}"#, 403),
        (#"{"op": "replace", "path": "/size", "value": 1}"#, 403),
        (#"{"op": "replace", "path": "/status", "value": "active"}"#, 403),
        (#"{"op": "remove", "path": "/file"}"#, 403),
        (#"{"op": "add", "path": "/stores", "value": "a"}"#, 403),
        (#"{"op": "add", "path": "/deleted", "value": "1"}"#, 403),
        (#"{"op": "add", "path": "/location", "value": "x"}"#, 403),
        (#"{"op": "add", "path": "/os_glance_foo", "value": "x"}"#, 403),
        (#"{"op": "remove", "path": "/os_glance_import_task"}"#, 403), (#"{"op": "remove", "path": "/name"}"#, 403),
        (#"{"op": "remove", "path": "/visibility"}"#, 403), (#"{"op": "remove", "path": "/tags"}"#, 403),
        (#"{"op": "remove", "path": "/checksum"}"#, 403),
    ])
    func refusalsOfVersion21(text: String, status: Int) {
        let error = #expect(throws: APIError.self) { try changes("[\(text)]") }
        #expect(error?.status.code == status)
    }

    @Test(arguments: [
        (#"{}"#, 400), (#"{"op": "add", "path": "/a", "value": "1"}"#, 400),
        (#"{"add": "/a", "remove": "/b", "value": "1"}"#, 400), (#"{"add": "/a"}"#, 400),
        (#"{"add": 5, "value": "x"}"#, 400),
        (#"{"add": "/name", "value": "x"}"#, 409), (#"{"add": "/name", "value": 5}"#, 400),
        (#"{"remove": "/owner"}"#, 403),
    ])
    func refusalsOfVersion20(text: String, status: Int) {
        let error = #expect(throws: APIError.self) { try changes("[\(text)]", .v20) }
        #expect(error?.status.code == status)
    }

    @Test(arguments: ["{}", "1", "null", #"["x"]"#, "[1]", "[null]", "[[]]"])
    func notAList(text: String) {
        for dialect in ImagePatch.Dialect.allCases {
            let error = #expect(throws: APIError.self) { try changes(text, dialect) }
            #expect(error?.status == .badRequest)
        }
    }

    @Test func longPropertyNamesAreRefused() {
        let name = String(repeating: "n", count: 256)
        #expect(throws: APIError.self) { try changes(#"[{"op": "add", "path": "/\#(name)", "value": "x"}]"#) }
    }

    /// Whatever a client sends is decoded or refused with a status of its own.
    @Test func randomPatches() throws {
        var random = SeededRandom(seed: 6902)
        let schema = try ImageSchema.forTests()
        let pieces = [
            "/", "~", "~0", "~1", "name", "tags", "locations", "-", "0", "99999999999999999999", " ", "é", "os_glance",
            "min_disk", "id", "x",
        ]
        let verbs: [JSONValue] = ["add", "remove", "replace", "test", 1, .null]
        var (decoded, refused) = (0, 0)
        for _ in 0..<20_000 {
            let path = JSONValue.string((Bool.random(using: &random) ? "/" : "") + random.text(of: pieces, upTo: 3))
            var operation: [String: JSONValue] = [:]
            let dialect = random.pick(ImagePatch.Dialect.allCases)
            if dialect == .v21 {
                operation["op"] = random.pick(verbs)
                operation["path"] = path
            } else {
                operation[random.pick(["add", "remove", "replace", "op"])] = path
            }
            if Int.random(in: 0..<10, using: &random) > 0 { operation["value"] = randomValue(&random, depth: 0) }
            do {
                let patch = try ImagePatch(json: [.object(operation)], dialect: dialect, schema: schema)
                decoded += 1
                #expect(patch.changes.count == 1)
            } catch {
                refused += 1
                #expect([400, 403, 409].contains(error.status.code))
            }
            do {
                _ = try ImageDraft(
                    json: .object([random.text(of: pieces, upTo: 2): operation["value"] ?? .null]), schema: schema)
            } catch {
                #expect([400, 403].contains(error.status.code))
            }
        }
        #expect(decoded > 1000 && refused > 1000)
    }

    private func randomValue(_ random: inout SeededRandom, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth < 3 ? 10 : 7), using: &random) {
        case 0: .null
        case 1: .bool(true)
        case 2: .integer(random.pick([0, -1, 2_147_483_648, .max, .min]))
        case 3: .number(random.pick([0.5, 1e300, -2.0]))
        case 4, 5, 6: .string(random.pick(["", "x", "raw", "public", "\u{1F600}", "\0"]))
        case 7: .array([randomValue(&random, depth: depth + 1)])
        case 8: ["url": randomValue(&random, depth: depth + 1), "metadata": [:]]
        default: [random.pick(["url", "metadata", "validation_data"]): randomValue(&random, depth: depth + 1)]
        }
    }
}
