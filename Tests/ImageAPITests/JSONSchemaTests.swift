import ImageModel
import JSON
import Testing

@testable import ImageAPI

struct JSONSchemaTests {
    private static let image: JSONValue = [
        "properties": [
            "id": ["type": "string", "pattern": uuid], "name": ["type": ["null", "string"], "maxLength": 5],
            "visibility": ["type": "string", "enum": ["public", "private"]],
            "disk_format": ["type": ["null", "string"], "enum": [.null, "raw", "qcow2"]],
            "min_ram": ["type": "integer", "minimum": 0, "maximum": 10], "protected": ["type": "boolean"],
            "tags": [
                "type": "array", "items": ["type": "string", "minLength": 1], "uniqueItems": true, "maxItems": 2,
            ],
            "locations": [
                "type": "array",
                "items": [
                    "type": "object", "required": ["url", "metadata"], "additionalProperties": false,
                    "properties": ["url": ["type": "string"], "metadata": ["type": "object"]],
                ],
            ],
            "weight": ["type": "number"],
        ],
        "additionalProperties": ["type": "string"],
    ]

    private static let uuid: JSONValue =
        "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"

    @Test(
        arguments: [
            [:], ["name": .null], ["name": "ääääé"], ["id": "01234567-89ab-CDEF-0123-456789abcdef"],
            ["visibility": "public"],
            ["disk_format": .null, "min_ram": 10], ["tags": ["a", "b"]], ["custom": "text"], ["weight": 1],
            ["weight": .number(1.5)],
            ["locations": [["url": "x", "metadata": [:]]]],
        ] as [JSONValue])
    func accepts(value: JSONValue) throws {
        #expect(try JSONSchema(Self.image).problem(with: value) == nil)
    }

    @Test(
        arguments: [
            (["name": 5], "name: 5 is not of type null or string"),
            (["name": "abcdef"], "name: the text is longer than 5 characters"),
            (["id": "0123"], "id: \"0123\" does not match"), (["id": "01234567-89ab-CDEF-0123-456789abcdeg"], "id: "),
            (["visibility": "secret"], #"visibility: "secret" is not one of "public", "private""#),
            (["disk_format": "iso"], #"disk_format: "iso" is not one of null, "raw", "qcow2""#),
            (["min_ram": -1], "min_ram: -1 is less than the minimum of 0"),
            (["min_ram": 11], "min_ram: 11 is greater than the maximum of 10"),
            (["min_ram": .number(1.5)], "min_ram: 1.5 is not of type integer"),
            (["min_ram": true], "min_ram: true is not of type integer"), (["protected": "true"], "protected: "),
            (["tags": ["a", "a"]], "tags: the list has an item twice"),
            (["tags": ["a", "b", "c"]], "tags: the list has more than 2 items"),
            (["tags": [""]], "tags/0: the text is shorter than 1 characters"),
            (["custom": 1], "custom: 1 is not of type string"),
            (["locations": [["url": "x"]]], "locations/0: 'metadata' is required"),
            (
                ["locations": [["url": "x", "metadata": [:], "other": 1]]],
                #"locations/0: "other" is not an attribute (there are metadata, url)"#
            ),
        ] as [(JSONValue, String)])
    func refuses(value: JSONValue, reason: String) throws {
        let problem = try #require(try JSONSchema(Self.image).problem(with: value))
        #expect(problem.hasPrefix(reason))
    }

    @Test func followsReferencesAndCombinations() throws {
        let schema = try JSONSchema([
            "definitions": [
                "positive": ["type": "integer", "minimum": 0],
                "default0": ["allOf": [["$ref": "#/definitions/positive"], ["default": 0]]],
            ],
            "properties": [
                "a": ["$ref": "#/definitions/default0"], "b": ["anyOf": [["type": "string"], ["type": "null"]]],
            ],
        ])
        #expect(schema.problem(with: ["a": 1, "b": .null]) == nil)
        #expect(schema.problem(with: ["a": -1]) == "a: -1 is less than the minimum of 0")
        #expect(schema.problem(with: ["b": 1]) == "b: 1 is not of type null")
    }

    @Test func matchesPatternsOfOperators() throws {
        let schema = try JSONSchema(["type": "string", "pattern": "^[a-z]+[0-9]$"])
        #expect(schema.problem(with: "abc1") == nil)
        #expect(schema.problem(with: "1abc") != nil)
    }

    @Test(
        arguments: [
            "text", ["type": "text"], ["properties": []], ["required": "a"], ["maxLength": -1], ["minimum": "1"],
            ["enum": 1],
            ["pattern": "("], ["$ref": "#/definitions/none"], ["items": 1],
            ["definitions": ["a": ["$ref": "#/definitions/a"]], "$ref": "#/definitions/a"],
        ] as [JSONValue])
    func refusesDocumentsThatAreNoSchemas(document: JSONValue) {
        #expect(throws: JSONSchema.Problem.self) { try JSONSchema(document) }
    }

    @Test func cutsLongValuesInMessages() throws {
        let problem = try #require(
            try JSONSchema(["enum": ["a"]]).problem(with: .string(String(repeating: "x", count: 10_000))))
        #expect(problem.utf8.count < 200)
    }
}

struct BodyTests {
    private static let echo = Route(.post, "/v2/images") { request, _ in
        let value = try await request.json()
        try FourByteText.refuse(in: value)
        return .json { $0.value(value) }
    }

    @Test func readsJSON() async throws {
        let client = TestClient(APIRouter(table: RouteTable([Self.echo])))
        #expect(try await client.send(.post, "/v2/images", body: #"{"name":"ü"}"#).body == #"{"name": "\u00fc"}"#)
        let chunked = try await client.send(.post, "/v2/images", headers: [.transferEncoding: "chunked"], body: "[1]")
        #expect(chunked.body == "[1]")
    }

    @Test(arguments: ["", "{", "nope", #"{"name": "😀"}"#, #"{"😀": 1}"#, #"[["\ud83d\ude00"]]"#])
    func refusesOtherBodies(body: String) async throws {
        let client = TestClient(APIRouter(table: RouteTable([Self.echo])))
        #expect(try await client.send(.post, "/v2/images", body: body).status == 400)
    }

    @Test func limitsTheSize() async throws {
        let client = TestClient(APIRouter(table: RouteTable([Self.echo])))
        let body = "\"" + String(repeating: "x", count: 4 << 20) + "\""
        #expect(try await client.send(.post, "/v2/images", body: body).status == 413)
    }
}
