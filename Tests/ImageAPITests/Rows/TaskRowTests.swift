import HTTPTypes
import JSON
import Testing

@testable import ImageAPI
@testable import ImageDatabase

/// `/v2/tasks`, and `/v2/schemas`.
@Suite struct TaskRowTests {
    private static let task = """
        {"type": "import", "input": {"import_from": "http://127.0.0.1:9/a", "import_from_format": "raw", \
        "image_properties": {"disk_format": "raw", "container_format": "bare"}}}
        """

    private static func newTask(_ site: RowSite) async throws -> String {
        let answer = try await site.admin.expect(201, .post, "/v2/tasks", body: task)
        return try #require(answer["id"]?.stringValue)
    }

    static let tasks: [Row] = [
        Row("POST /v2/tasks: 201 with Location, pending", isMultiStore: true) { site in
            let answer = try await site.admin.expect(201, .post, "/v2/tasks", body: task)
            let id = try #require(answer["id"]?.stringValue)
            #expect(answer.headers[.location] == "http://images.example.com/v2/tasks/\(id)")
            #expect(answer["status"] == "pending" && answer["type"] == "import")
            #expect(answer["input"]?["import_from"] == "http://127.0.0.1:9/a")
        },
        Row("POST /v2/tasks: 400 for another type, without input, or for a URI that is refused", isMultiStore: true) {
            site in
            for body in [
                "", "[]", "{}", task.replacing("\"import\"", with: "\"export\""), #"{"type": "import"}"#,
                #"{"type": "import", "input": "x"}"#, #"{"type": "import", "input": {}}"#,
                task.replacing("http://127.0.0.1:9/a", with: "file:///etc/passwd"),
                task.replacing("127.0.0.1:9", with: "169.254.169.254"),
            ] {
                try await site.admin.expect(400, .post, "/v2/tasks", body: body)
            }
        },
        Row("GET /v2/tasks: a page of them, without what can be large", isMultiStore: true) { site in
            let ids = [try await newTask(site), try await newTask(site)]
            let list = try await site.admin.expect(200, .get, "/v2/tasks")
            #expect(list["schema"] == "/v2/schemas/tasks" && list["first"] == "/v2/tasks" && list["next"] == nil)
            #expect(list.texts("tasks", "id").sorted() == ids.sorted())
            let first = try #require(list["tasks"]?.arrayValue?.first?.objectValue)
            #expect(
                Set(first.keys)
                    == ["id", "type", "status", "owner", "created_at", "updated_at", "self", "schema"])
            let page = try await site.admin.expect(200, .get, "/v2/tasks?limit=1&sort_key=created_at&sort_dir=asc")
            let next = try #require(page["next"]?.stringValue)
            let rest = try await site.admin.expect(200, .get, next)
            #expect(page.texts("tasks", "id") + rest.texts("tasks", "id") == ids)
        },
        Row("GET /v2/tasks: type and status as filters; 400 for what they cannot be", isMultiStore: true) { site in
            let id = try await newTask(site)
            for query in ["type=import", "status=pending", "type=import&status=pending"] {
                #expect(try await site.admin.expect(200, .get, "/v2/tasks?" + query).texts("tasks", "id") == [id])
            }
            #expect(try await site.admin.expect(200, .get, "/v2/tasks?status=success")["tasks"] == [])
            for query in [
                "type=none", "status=none", "sort_key=none", "sort_dir=up", "limit=many", "limit=-1", "marker=none",
            ] {
                try await site.admin.expect(400, .get, "/v2/tasks?" + query)
            }
        },
        Row("GET /v2/tasks/{id}: 200 with input, result and message; 404 for none", isMultiStore: true) { site in
            let shown = try await site.admin.expect(200, .get, "/v2/tasks/\(try await newTask(site))")
            #expect(shown["input"]?["import_from"] == "http://127.0.0.1:9/a")
            #expect(shown["result"] == .null && shown["message"] != nil && shown["schema"] == "/v2/schemas/task")
            try await site.admin.expect(404, .get, "/v2/tasks/none")
        },
        Row("DELETE /v2/tasks/{id}: 405, GET is what there is", isMultiStore: true) { site in
            let path = "/v2/tasks/\(try await newTask(site))"
            #expect(try await site.admin.expect(405, .delete, path).headers[.allow] == "GET")
        },
        Row("/v2/tasks: 403 for others than administrators", isMultiStore: true) { site in
            let id = try await newTask(site)
            for client in [site.owner, site.reader, site.service] {
                try await client.expect(403, .get, "/v2/tasks")
                try await client.expect(403, .post, "/v2/tasks", body: task)
                try await client.expect(403, .get, "/v2/tasks/\(id)")
                try await client.expect(403, .delete, "/v2/tasks/\(id)")
            }
        },
        Row("GET /v2/tasks: a task whose expires_at has passed is gone", isMultiStore: true) { site in
            let id = try await newTask(site)
            try await site.harness.service.database.session.write([
                Statement("UPDATE tasks SET status = 'success', expires_at = '2000-01-01 00:00:00.000000'", [])
            ])
            #expect(try await site.admin.expect(200, .get, "/v2/tasks")["tasks"] == [])
            try await site.admin.expect(404, .get, "/v2/tasks/\(id)")
        },
    ]

    @Test(arguments: tasks) func task(_ row: Row) async throws { try await row.run() }

    @Test("GET /v2/schemas/…: 200 for everybody with a token")
    func schemas() async throws {
        let site = try await RowSite()
        let nobody = await site.harness.reader(of: "nobody")
        for name in ["image", "images", "member", "members", "task", "tasks"] {
            let schema = try await nobody.expect(200, .get, "/v2/schemas/\(name)")
            #expect(schema["name"] == .string(name) && schema["properties"]?.objectValue?.isEmpty == false)
        }
        for name in ["namespace", "object", "property", "tag", "resource_type"] {
            let many = name == "property" ? "properties" : name + "s"
            for path in [name, many] {
                let schema = try await nobody.expect(200, .get, "/v2/schemas/metadefs/\(path)")
                #expect(schema["properties"]?.objectValue?.isEmpty == false)
            }
        }
    }

    @Test("GET /v2/schemas/images: a list of what /v2/schemas/image describes")
    func schemaOfList() async throws {
        let site = try await RowSite()
        let image = try await site.owner.expect(200, .get, "/v2/schemas/image").members
        let images = try await site.owner.expect(200, .get, "/v2/schemas/images")
        #expect(images["properties"]?["images"]?["items"] == .object(image))
        try await site.owner.expect(405, .post, "/v2/schemas/image")
    }

    @Test("GET /v2/schemas/image: formats as they are configured")
    func configuredSchema() async throws {
        let site = try await RowSite("[image_format]\ndisk_formats = raw,special\ncontainer_formats = bare")
        let properties = try #require(try await site.owner.expect(200, .get, "/v2/schemas/image")["properties"])
        let disk = properties["disk_format"]?["enum"]?.arrayValue ?? []
        #expect(Set(disk.compactMap(\.stringValue)) == ["raw", "special"])
        let container = properties["container_format"]?["enum"]?.arrayValue ?? []
        #expect(container.compactMap(\.stringValue) == ["bare"])
        try await site.owner.expect(201, .post, "/v2/images", body: #"{"disk_format": "special"}"#)
        try await site.owner.expect(400, .post, "/v2/images", body: #"{"disk_format": "qcow2"}"#)
    }
}
