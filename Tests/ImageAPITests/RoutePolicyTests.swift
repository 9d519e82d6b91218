import Authorization
import HTTPTypes
import ImageModel
import Testing
import TextCoding

@testable import ImageAPI
@testable import ImageService

/// Every way in asks a policy, or is known not to.
@Suite struct RoutePolicyTests {
    /// Routes that answer everybody who has passed the pipeline: they tell of the site, or of the caller's own project.
    private static let open: Set = ["GET /v2/info/import", "GET /v2/info/stores", "GET /v2/info/usage"]
    private static let denials = PolicyRule.allCases.map { "\"\($0.rawValue)\": \"!\"\n" }.joined()

    private struct Attempt {
        var path: String
        var headers: HTTPFields = [:]
        var body: String?
    }

    private static func name(_ route: Route) -> String { "\(route.method.rawValue) \(route.template)" }

    private static func isOpen(_ route: Route) -> Bool {
        route.template.hasPrefix("/v2/schemas/") || open.contains(name(route))
    }

    /// An image of the administrator's with everything that a route may ask for: data in both stores, a member, a tag.
    private func fullImage(in harness: ResourceHarness, by admin: TestClient) async throws -> String {
        let body = #"{"disk_format": "raw", "container_format": "bare", "visibility": "shared", "tags": ["t"]}"#
        let id = try #require(try await admin.send(.post, "/v2/images", body: body).members["id"]?.stringValue)
        let upload = try await admin.send(
            .put, "/v2/images/\(id)/file", headers: [.contentType: "application/octet-stream"], body: "data")
        try #require(upload.status == 204)
        let member = try await admin.send(.post, "/v2/images/\(id)/members", body: #"{"member": "m"}"#)
        try #require(member.status == 200)
        let image = try #require(try await harness.service.database.images.find(id))
        var changed = image
        var copy = try #require(image.locations.first)
        copy.id = nil
        copy.url.replace("/fast/", with: "/slow/")
        copy.metadata["store"] = .string("slow")
        changed.locations.append(copy)
        try await harness.service.save(changed, over: image)
        return id
    }

    /// A request that the route answers with success if it may.
    private func attempt(_ route: Route, in harness: ResourceHarness, by admin: TestClient) async throws -> Attempt {
        var id = try await fullImage(in: harness, by: admin)
        var headers: HTTPFields = [:]
        var body: String?
        switch Self.name(route) {
        case "POST /v2/images": body = "{}"
        case "PATCH /v2/images/{image_id}":
            headers[.contentType] = "application/openstack-images-v2.1-json-patch"
            body = #"[{"op": "replace", "path": "/name", "value": "n"}]"#
        case "PUT /v2/images/{image_id}/file":
            id = try await queuedImage(by: admin)
            headers[.contentType] = "application/octet-stream"
            body = "data"
        case "PUT /v2/images/{image_id}/stage":
            id = try await queuedImage(by: admin)
            headers[.contentType] = "application/octet-stream"
            body = "data"
        case "POST /v2/images/{image_id}/import":
            id = try await queuedImage(by: admin)
            body = #"{"method": {"name": "web-download", "uri": "http://127.0.0.1:9/"}}"#
        case let name where name.contains("/v2/metadefs/namespaces"):
            return try await metadefAttempt(route, by: admin)
        case "POST /v2/images/{image_id}/locations":
            id = try await queuedImage(by: admin)
            body = #"{"url": "http://127.0.0.1:9/"}"#
        case "POST /v2/tasks": body = Self.task
        case "GET /v2/tasks/{task_id}":
            let task = try await admin.send(.post, "/v2/tasks", body: Self.task).members["id"]?.stringValue
            return Attempt(path: "/v2/tasks/\(try #require(task))", headers: headers, body: nil)
        case "POST /v2/images/{image_id}/members": body = #"{"member": "n"}"#
        case "PUT /v2/images/{image_id}/members/{member_id}": body = #"{"status": "accepted"}"#
        default: break
        }
        let path = route.template.replacing("{image_id}", with: id).replacing("{member_id}", with: "m")
            .replacing("{tag_value}", with: "t").replacing("{store_id}", with: "slow")
        return Attempt(path: path, headers: headers, body: body)
    }

    private static let task = """
        {"type": "import", "input": {"import_from": "http://127.0.0.1:9/", \
        "image_properties": {"disk_format": "raw", "container_format": "bare"}}}
        """

    /// A request about a namespace with one of everything, made for it.
    private func metadefAttempt(_ route: Route, by admin: TestClient) async throws -> Attempt {
        let namespace = "n\(UUIDText.random())"
        let full = """
            {"namespace": "\(namespace)", "objects": [{"name": "o"}], "tags": [{"name": "t"}], \
            "properties": {"p": {"title": "p", "type": "string"}}, "resource_type_associations": [{"name": "r"}]}
            """
        try #require(try await admin.send(.post, "/v2/metadefs/namespaces", body: full).status == 201)
        let template = route.template
        let isNew = route.method == .post
        let body: String? =
            switch (route.method, template.split(separator: "/").dropFirst(4).first ?? "") {
            case (.get, _), (.delete, _): nil
            case (_, "objects"): #"{"name": "\#(isNew ? "o2" : "o")"}"#
            case (_, "properties"): #"{"name": "\#(isNew ? "p2" : "p")", "title": "x", "type": "string"}"#
            case (.post, "tags") where template.hasSuffix("{name}"): nil
            case (.post, "tags"): #"{"tags": [{"name": "t2"}]}"#
            case (_, "tags"): #"{"name": "t"}"#
            case (_, "resource_types"): #"{"name": "r2"}"#
            default: #"{"namespace": "\#(isNew ? "m\(UUIDText.random())" : namespace)"}"#
            }
        let kind = template.contains("/objects") ? "o" : template.contains("/properties") ? "p" : isNew ? "t2" : "t"
        let path = template.replacing("{namespace}", with: namespace).replacing("{resource_type}", with: "r")
            .replacing("{name}", with: kind)
        return Attempt(path: path, body: body)
    }

    private func queuedImage(by admin: TestClient) async throws -> String {
        let queued = #"{"disk_format": "raw", "container_format": "bare"}"#
        return try #require(try await admin.send(.post, "/v2/images", body: queued).members["id"]?.stringValue)
    }

    @Test func everyRouteAsksAPolicy() async throws {
        let harness = try await ResourceHarness(multiStore: true)
        let admin = await harness.admin()
        // A task cannot be deleted by anybody.
        for route in harness.routes
        where !Self.isOpen(route) && Self.name(route) != "DELETE /v2/tasks/{task_id}" {
            let attempt = try await attempt(route, in: harness, by: admin)
            try harness.setPolicies(Self.denials)
            let denied = try await admin.send(
                route.method, attempt.path, headers: attempt.headers, body: attempt.body)
            #expect(denied.status == 403 || denied.status == 404, "\(Self.name(route)): \(denied.body)")
            // The same request is right but for the policies.
            try harness.setPolicies(nil)
            let allowed = try await admin.send(
                route.method, attempt.path, headers: attempt.headers, body: attempt.body)
            #expect((200..<300).contains(allowed.status), "\(Self.name(route)): \(allowed.body)")
        }
    }

    @Test func openRoutesAreOpen() async throws {
        let harness = try await ResourceHarness(multiStore: true)
        let reader = await harness.reader(of: "p")
        try harness.setPolicies(Self.denials)
        let routes = harness.routes.filter(Self.isOpen)
        #expect(Self.open.isSubset(of: routes.map(Self.name)))
        for route in routes {
            #expect(try await reader.send(route.method, route.template).status == 200, "\(Self.name(route))")
        }
    }

    /// `allow_anonymous_access`: whatever policies say, a caller without a token changes nothing.
    @Test func anonymousCallersChangeNothing() async throws {
        let harness = try await ResourceHarness(multiStore: true)
        let admin = await harness.admin()
        let anonymous = harness.anonymous()
        try harness.setPolicies(Self.denials.replacing("\"!\"", with: "\"@\""))
        for route in harness.routes where route.method != .get {
            let attempt = try await attempt(route, in: harness, by: admin)
            let answer = try await anonymous.send(
                route.method, attempt.path, headers: attempt.headers, body: attempt.body)
            let isAllowed = Self.name(route) == "DELETE /v2/tasks/{task_id}"
            #expect(answer.status == (isAllowed ? 405 : 403), "\(Self.name(route)): \(answer.body)")
        }
    }
}
