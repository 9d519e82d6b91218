import Foundation
import HTTPTypes
import JSON
import Testing

@testable import ImageAPI

/// `/v2/metadefs`: what requests on namespaces and on what is in them answer.
@Suite struct MetadefTests {
    private static let namespace = """
        {"namespace": "N::A", "display_name": "Shown", "description": "About", "visibility": "public", \
        "objects": [{"name": "o1", "required": ["a"], "properties": {"a": {"title": "A", "type": "string"}}}], \
        "properties": {"p1": {"title": "P", "type": "integer", "minimum": 1, "default": 5}}, \
        "tags": [{"name": "t1"}, {"name": "t2"}], \
        "resource_type_associations": [{"name": "OS::Glance::Image", "prefix": "hw_"}]}
        """
    private static let path = "/v2/metadefs/namespaces/N::A"

    private func withNamespace(_ body: (ResourceHarness, TestClient) async throws -> Void) async throws {
        let harness = try await ResourceHarness()
        let admin = await harness.admin()
        let made = try await admin.send(.post, "/v2/metadefs/namespaces", body: Self.namespace)
        try #require(made.status == 201, "\(made.body)")
        #expect(made.headers[.location] == "http://images.example.com" + Self.path)
        try await body(harness, admin)
    }

    @Test func aNamespaceIsShownWithAllThatIsInIt() async throws {
        try await withNamespace { _, admin in
            let shown = try await admin.send(.get, Self.path).members
            #expect(shown["owner"] == "admin" && shown["protected"] == false && shown["visibility"] == "public")
            #expect(shown["self"] == .string(Self.path) && shown["schema"] == "/v2/schemas/metadefs/namespace")
            #expect(
                shown["tags"] == [["name": "t1"], ["name": "t2"]] || shown["tags"] == [["name": "t2"], ["name": "t1"]])
            #expect(shown["properties"]?["p1"]?["default"] == "5" && shown["properties"]?["p1"]?["minimum"] == 1)
            #expect(shown["objects"]?.arrayValue?.first?["required"] == ["a"])
            #expect(shown["resource_type_associations"]?.arrayValue?.first?["prefix"] == "hw_")
            let prefixed = try await admin.send(.get, Self.path + "?resource_type=OS::Glance::Image").members
            #expect(prefixed["properties"]?["hw_p1"]?["type"] == "integer")
            #expect(prefixed["objects"]?.arrayValue?.first?["required"] == ["hw_a"])
            let property = try await admin.send(
                .get, Self.path + "/properties/hw_p1?resource_type=OS::Glance::Image"
            ).members
            #expect(property["name"] == "p1" && property["title"] == "P")
        }
    }

    @Test func entriesAreChangedAndRemoved() async throws {
        try await withNamespace { _, admin in
            let renamed = try await admin.send(
                .put, Self.path + "/objects/o1", body: #"{"name": "o2", "description": "d"}"#)
            #expect(try renamed.status == 200 && renamed.members["description"] == "d")
            #expect(try await admin.send(.get, Self.path + "/objects/o1").status == 404)
            #expect(try await admin.send(.delete, Self.path + "/objects/o2").status == 204)
            #expect(try await admin.send(.delete, Self.path + "/objects/o2").status == 404)
            // A list of tags replaces the others, or is added to them.
            let body = #"{"tags": [{"name": "x"}]}"#
            #expect(try await admin.send(.post, Self.path + "/tags", body: body).status == 201)
            let append = try #require(HTTPField.Name("X-Openstack-Append"))
            let more = #"{"tags": [{"name": "y"}]}"#
            #expect(
                try await admin.send(.post, Self.path + "/tags", headers: [append: "True"], body: more).status == 201)
            let other = #"{"tags": [], "unknown": 1}"#
            #expect(try await admin.send(.post, Self.path + "/tags", body: other).status == 400)
            let tags = try await admin.send(.get, Self.path + "/tags?sort_key=name&sort_dir=asc").members["tags"]
            #expect(tags == [["name": "x"], ["name": "y"]])
            #expect(try await admin.send(.delete, Self.path + "/resource_types/OS::Glance::Image").status == 204)
            #expect(try await admin.send(.delete, Self.path).status == 204)
            #expect(try await admin.send(.get, Self.path).status == 404)
            // The type itself stays.
            let types = try await admin.send(.get, "/v2/metadefs/resource_types").members["resource_types"]
            #expect(types?.arrayValue?.first?["name"] == "OS::Glance::Image")
        }
    }

    /// Clients do not look for further pages of objects.
    @Test func objectsAreListedWholeInTheirOrder() async throws {
        let wanted = (1...30).map { "o\($0)" }
        try await withNamespace { _, admin async throws in
            for name in wanted.dropFirst() {
                let body = #"{"name": "\#(name)"}"#
                #expect(try await admin.send(.post, Self.path + "/objects", body: body).status == 201)
            }
            #expect(try await objectNames("/objects", admin) == wanted)
            #expect(try await objectNames("", admin) == wanted)
            #expect(try await objectNames("/objects?limit=2&marker=o4", admin) == ["o5", "o6"])
            #expect(try await objectNames("/objects?sort_dir=desc&limit=1", admin) == ["o30"])
        }
    }

    private func objectNames(_ path: String, _ client: TestClient) async throws -> [String] {
        let objects = try await client.send(.get, Self.path + path).members["objects"]?.arrayValue ?? []
        return objects.compactMap { $0["name"]?.stringValue }
    }

    /// The files of `etc/metadefs` are what the API itself takes, and say something about everything that they define.
    @Test func shippedDefinitionsAreValid() async throws {
        let harness = try await ResourceHarness()
        let admin = await harness.admin()
        let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../etc/metadefs")
            .standardized
        for file in try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil) {
            let text = try String(contentsOf: file, encoding: .utf8)
            let answer = try await admin.send(.post, "/v2/metadefs/namespaces", body: text)
            #expect(answer.status == 201, "\(file.lastPathComponent): \(answer.body)")
            let definition = try JSONValue.parse(text.utf8)
            var properties = (definition["properties"]?.objectValue ?? [:]).map { $0 }
            var described = [definition]
            for object in definition["objects"]?.arrayValue ?? [] {
                properties += (object["properties"]?.objectValue ?? [:]).map { $0 }
                described.append(object)
            }
            #expect(!properties.isEmpty, "\(file.lastPathComponent)")
            for (name, property) in properties {
                #expect(property["title"]?.stringValue?.isEmpty == false, "\(name)")
                let values = (property["enum"] ?? property["items"]?["enum"])?.arrayValue ?? []
                for (index, value) in values.enumerated() { #expect(!values[..<index].contains(value), "\(name)") }
                if let given = property["default"], !values.isEmpty { #expect(values.contains(given), "\(name)") }
            }
            for item in described + properties.map(\.value) {
                #expect(item["description"]?.stringValue?.hasSuffix(".") == true, "\(file.lastPathComponent): \(item)")
            }
        }
    }

    /// People take definitions from one cloud to another.
    @Test func whatIsShownCanBePosted() async throws {
        try await withNamespace { _, admin in
            var members = try await admin.send(.get, Self.path).members
            for name in ["self", "schema", "created_at", "updated_at"] { members[name] = nil }
            members["namespace"] = "N::B"
            let copy = JSONWriter.text(of: .object(members))
            #expect(try await admin.send(.post, "/v2/metadefs/namespaces", body: copy).status == 201)
            let shown = try await admin.send(.get, "/v2/metadefs/namespaces/N::B").members
            #expect(shown["properties"] == members["properties"])
            #expect(shown["objects"]?.arrayValue?.count == 1)
        }
    }

    @Test func listsArePaged() async throws {
        try await withNamespace { _, admin in
            for name in ["b", "c"] {
                let body = #"{"namespace": "\#(name)", "visibility": "public"}"#
                #expect(try await admin.send(.post, "/v2/metadefs/namespaces", body: body).status == 201)
            }
            var path: String? = "/v2/metadefs/namespaces?limit=1&sort_key=namespace&sort_dir=asc"
            var names: [String] = []
            while let next = path {
                let page = try await admin.send(.get, next).members
                names += page["namespaces"]?.arrayValue?.compactMap { $0["namespace"]?.stringValue } ?? []
                path = page["next"]?.stringValue
            }
            #expect(names == ["N::A", "b", "c"])
            let none = try await admin.send(.get, "/v2/metadefs/namespaces?limit=0").members
            #expect(none["namespaces"] == [] && none["next"] == nil)
            let found = try await admin.send(.get, "/v2/metadefs/namespaces?resource_types=OS::Glance::Image,X").members
            #expect(found["namespaces"]?.arrayValue?.count == 1)
        }
    }

    @Test(arguments: [
        (#"{}"#, 400), (#"{"namespace": ""}"#, 400), (#"{"namespace": "x", "unknown": 1}"#, 400),
        (#"{"namespace": "x", "visibility": "shared"}"#, 400), (#"{"namespace": "x", "created_at": "y"}"#, 403),
        (#"{"namespace": "x", "properties": {"p": {"title": "t"}}}"#, 400), (#"[]"#, 400),
        (#"{"namespace": "x", "properties": {"p": {"title": "t", "type": "string", "unknown": 1}}}"#, 400),
        (#"{"namespace": "x", "objects": [{"name": "o", "properties": {"p": {"title": "t", "type": "x"}}}]}"#, 400),
    ])
    func bodiesThatAreNoNamespacesAreRefused(_ body: String, _ status: Int) async throws {
        let harness = try await ResourceHarness()
        let admin = await harness.admin()
        #expect(try await admin.send(.post, "/v2/metadefs/namespaces", body: body).status == status)
    }
}
