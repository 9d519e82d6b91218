import HTTPTypes
import JSON
import Testing

@testable import ImageAPI

/// `/v2/metadefs`: the methods of each resource.
@Suite struct MetadefRowTests {
    private static let all = "/v2/metadefs/namespaces"
    private static let one = "/v2/metadefs/namespaces/N"

    /// A public namespace with one of everything.
    static func made(_ site: RowSite) async throws {
        let body = """
            {"namespace": "N", "visibility": "public", "objects": [{"name": "o"}], "tags": [{"name": "t"}], \
            "properties": {"p": {"title": "P", "type": "string"}}, \
            "resource_type_associations": [{"name": "R", "prefix": "x_"}]}
            """
        try await site.admin.expect(201, .post, all, body: body)
    }

    static let rows: [Row] = [
        Row("GET /v2/metadefs/namespaces: a page, filtered by visibility and resource_types") { site in
            try await made(site)
            try await site.admin.expect(201, .post, all, body: #"{"namespace": "private"}"#)
            for (query, found) in [
                ("?visibility=public", ["N"]), ("?visibility=private", ["private"]), ("?resource_types=R", ["N"]),
                ("?resource_types=S", []), ("?sort_key=namespace&sort_dir=asc", ["N", "private"]),
                ("?sort_key=namespace&sort_dir=desc&limit=1", ["private"]),
                ("?sort_key=namespace&sort_dir=asc&marker=N", ["private"]),
            ] {
                let list = try await site.admin.expect(200, .get, all + query)
                #expect(list.texts("namespaces", "namespace") == found, "\(query)")
                #expect(list["schema"] == "/v2/schemas/metadefs/namespaces" && list["first"] != nil)
            }
        },
        Row("GET /v2/metadefs/namespaces: 400 for what a parameter cannot be, 404 for an unknown marker") { site in
            for query in ["limit=abc", "limit=-1", "sort_key=none", "sort_dir=up", "visibility=none"] {
                try await site.admin.expect(400, .get, "\(all)?\(query)")
            }
            try await site.admin.expect(404, .get, all + "?marker=none")
        },
        Row("POST /v2/metadefs/namespaces: 201 with Location; 409 for one that is there") { site in
            let body = #"{"namespace": "A::B"}"#
            let answer = try await site.admin.expect(201, .post, all, body: body)
            #expect(answer.headers[.location] == "http://images.example.com\(all)/A::B")
            #expect(answer["visibility"] == "private" && answer["protected"] == false && answer["owner"] == "admin")
            try await site.admin.expect(409, .post, all, body: body)
        },
        Row("POST /v2/metadefs/namespaces: 400 beyond 80 and 500 characters, and for unknown keys") { site in
            let (long, longer) = (String(repeating: "n", count: 81), String(repeating: "n", count: 501))
            for body in [
                "", "[]", "{}", #"{"namespace": "\#(long)"}"#, #"{"namespace": "n", "display_name": "\#(long)"}"#,
                #"{"namespace": "n", "description": "\#(longer)"}"#, #"{"namespace": "n", "visibility": "shared"}"#,
                #"{"namespace": "n", "protected": "yes"}"#, #"{"namespace": "n", "unknown": 1}"#,
            ] {
                try await site.admin.expect(400, .post, all, body: body)
            }
            let (name, text) = (long.dropLast(), longer.dropLast())
            let longest = #"{"namespace": "\#(name)", "display_name": "\#(name)", "description": "\#(text)"}"#
            try await site.admin.expect(201, .post, all, body: longest)
        },
        Row("GET /v2/metadefs/namespaces/{ns}: with all that is in it, and prefixed names for a resource type") {
            site in
            try await made(site)
            let shown = try await site.reader.expect(200, .get, one)
            #expect(shown.texts("objects", "name") == ["o"] && shown.texts("tags", "name") == ["t"])
            #expect(shown["properties"]?["p"]?["title"] == "P")
            #expect(shown.texts("resource_type_associations", "prefix") == ["x_"])
            let prefixed = try await site.reader.expect(200, .get, one + "?resource_type=R")
            #expect(prefixed["properties"]?["x_p"]?["title"] == "P")
        },
        Row("PUT /v2/metadefs/namespaces/{ns}: 200") { site in
            try await made(site)
            let body = #"{"namespace": "N", "description": "d", "visibility": "public"}"#
            #expect(try await site.admin.expect(200, .put, one, body: body)["description"] == "d")
            #expect(try await site.reader.expect(200, .get, one)["description"] == "d")
        },
        Row("DELETE /v2/metadefs/namespaces/{ns}: 204; 403 while it is protected, for what is in it, too") { site in
            try await made(site)
            let body = #"{"namespace": "N", "visibility": "public", "protected": true}"#
            try await site.admin.expect(200, .put, one, body: body)
            for part in ["", "/objects", "/objects/o", "/properties/p", "/tags", "/tags/t", "/resource_types/R"] {
                try await site.admin.expect(403, .delete, one + part)
            }
            try await site.admin.expect(200, .put, one, body: body.replacing("true", with: "false"))
            try await site.admin.expect(204, .delete, one)
            try await site.admin.expect(404, .get, one)
        },
        Row("…/objects: GET, POST 201, DELETE all 204") { site in
            try await made(site)
            let answer = try await site.admin.expect(201, .post, one + "/objects", body: #"{"name": "o2"}"#)
            #expect(answer.headers[.location] == "http://images.example.com\(one)/objects/o2")
            let list = try await site.reader.expect(200, .get, one + "/objects")
            // The missing slash has always been missing.
            #expect(list.texts("objects", "name") == ["o", "o2"] && list["schema"] == "v2/schemas/metadefs/objects")
            try await site.admin.expect(409, .post, one + "/objects", body: #"{"name": "o2"}"#)
            try await site.admin.expect(204, .delete, one + "/objects")
            #expect(try await site.reader.expect(200, .get, one + "/objects")["objects"] == [])
        },
        Row("…/objects/{o}: GET, PUT 200, DELETE 204") { site in
            try await made(site)
            #expect(try await site.reader.expect(200, .get, one + "/objects/o")["name"] == "o")
            let body = #"{"name": "o", "description": "d"}"#
            #expect(try await site.admin.expect(200, .put, one + "/objects/o", body: body)["description"] == "d")
            try await site.admin.expect(204, .delete, one + "/objects/o")
            try await site.reader.expect(404, .get, one + "/objects/o")
        },
        Row("…/properties: GET, POST 201, DELETE all 204") { site in
            try await made(site)
            let body = #"{"name": "p2", "title": "T", "type": "integer"}"#
            let answer = try await site.admin.expect(201, .post, one + "/properties", body: body)
            #expect(answer.headers[.location] == "http://images.example.com\(one)/properties/p2")
            let list = try await site.reader.expect(200, .get, one + "/properties")["properties"]
            #expect(Set(list?.objectValue?.keys.map { $0 } ?? []) == ["p", "p2"])
            try await site.admin.expect(409, .post, one + "/properties", body: body)
            try await site.admin.expect(204, .delete, one + "/properties")
            #expect(try await site.reader.expect(200, .get, one + "/properties").body == #"{"properties": {}}"#)
        },
        Row("…/properties/{p}: GET, with a prefix for a resource type, PUT 200, DELETE 204") { site in
            try await made(site)
            #expect(try await site.reader.expect(200, .get, one + "/properties/p")["title"] == "P")
            #expect(try await site.reader.expect(200, .get, one + "/properties/x_p?resource_type=R")["title"] == "P")
            let body = #"{"name": "p", "title": "Q", "type": "string"}"#
            #expect(try await site.admin.expect(200, .put, one + "/properties/p", body: body)["title"] == "Q")
            try await site.admin.expect(204, .delete, one + "/properties/p")
            try await site.reader.expect(404, .get, one + "/properties/p")
        },
        Row("…/properties: 400 without name, title or type, and for what JSON Schema does not have") { site in
            try await made(site)
            for body in [
                "", "[]", #"{"name": "q", "title": "T"}"#, #"{"name": "q", "type": "string"}"#,
                #"{"title": "T", "type": "string"}"#, #"{"name": "q", "title": "T", "type": "none"}"#,
                #"{"name": "q", "title": "T", "type": "string", "unknown": 1}"#,
                #"{"name": "q", "title": "T", "type": "string", "minLength": -1}"#,
                #"{"name": "q", "title": "T", "type": "string", "enum": "x"}"#,
            ] {
                try await site.admin.expect(400, .post, one + "/properties", body: body)
            }
            let full = """
                {"name": "q", "title": "T", "type": "array", "description": "d", "operators": ["<or>"], \
                "required": ["a"], "minimum": 1, "maximum": 2, "minLength": 1, "maxLength": 2, "pattern": "x*", \
                "enum": ["x"], "readonly": true, "default": "x", "items": {"type": "string"}, "minItems": 1, \
                "maxItems": 2, "uniqueItems": true, "additionalItems": false}
                """
            let answer = try await site.admin.expect(201, .post, one + "/properties", body: full).members
            #expect(answer == (try JSONValue.parse(full.utf8).objectValue))
        },
        Row("…/tags: GET, POST of a list 201, which replaces or appends, DELETE all 204") { site in
            try await made(site)
            func tags() async throws -> [String] {
                try await site.reader.expect(200, .get, one + "/tags").texts("tags", "name").sorted()
            }
            try await site.admin.expect(201, .post, one + "/tags", body: #"{"tags": [{"name": "u"}]}"#)
            #expect(try await tags() == ["u"])
            try await site.admin.expect(
                201, .post, one + "/tags", headers: [.openStackAppend: "True"], body: #"{"tags": [{"name": "v"}]}"#)
            #expect(try await tags() == ["u", "v"])
            try await site.admin.expect(204, .delete, one + "/tags")
            #expect(try await tags() == [])
        },
        Row("…/tags/{t}: GET, POST 201, PUT 200, DELETE 204") { site in
            try await made(site)
            #expect(try await site.reader.expect(200, .get, one + "/tags/t")["name"] == "t")
            try await site.admin.expect(201, .post, one + "/tags/u")
            try await site.admin.expect(409, .post, one + "/tags/u")
            #expect(try await site.admin.expect(200, .put, one + "/tags/u", body: #"{"name": "v"}"#)["name"] == "v")
            try await site.admin.expect(204, .delete, one + "/tags/v")
            try await site.reader.expect(404, .get, one + "/tags/v")
        },
        Row("…/resource_types: GET, POST 201; …/resource_types/{t}: DELETE 204") { site in
            try await made(site)
            let path = one + "/resource_types"
            try await site.admin.expect(201, .post, path, body: #"{"name": "S", "prefix": "y_"}"#)
            try await site.admin.expect(409, .post, path, body: #"{"name": "S"}"#)
            let list = try await site.reader.expect(200, .get, path)
            #expect(list.texts("resource_type_associations", "name").sorted() == ["R", "S"])
            try await site.admin.expect(204, .delete, path + "/S")
            try await site.admin.expect(404, .delete, path + "/S")
        },
        Row("GET /v2/metadefs/resource_types: all that namespaces have named") { site in
            try await made(site)
            let list = try await site.reader.expect(200, .get, "/v2/metadefs/resource_types")
            #expect(list.texts("resource_types", "name") == ["R"])
        },
        Row("a namespace that the caller does not see: 404; one that it may not change: 403") { site in
            try await made(site)
            try await site.admin.expect(201, .post, all, body: #"{"namespace": "private"}"#)
            for part in ["", "/objects", "/properties", "/tags", "/resource_types"] {
                try await site.owner.expect(404, .get, "\(all)/private\(part)")
                try await site.owner.expect(200, .get, one + part)
            }
            for (method, part, body) in [
                (.put, "", #"{"namespace": "N"}"#), (.delete, "", nil), (.post, "/objects", #"{"name": "x"}"#),
                (.delete, "/objects", nil), (.delete, "/objects/o", nil), (.delete, "/properties/p", nil),
                (.post, "/properties", #"{"name": "q", "title": "T", "type": "string"}"#), (.post, "/tags/x", nil),
                (.post, "/tags", #"{"tags": [{"name": "x"}]}"#), (.delete, "/tags/t", nil),
                (.post, "/resource_types", #"{"name": "S"}"#), (.delete, "/resource_types/R", nil),
            ] as [(HTTPRequest.Method, String, String?)] {
                try await site.owner.expect(403, method, one + part, body: body)
            }
            try await site.owner.expect(403, .post, all, body: #"{"namespace": "mine"}"#)
        },
    ]

    @Test(arguments: rows) func row(_ row: Row) async throws { try await row.run() }
}
