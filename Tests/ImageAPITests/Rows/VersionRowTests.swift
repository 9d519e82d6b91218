import HTTPTypes
import JSON
import Testing

@testable import ImageAPI

/// Versions, routing, and what all answers have in common: a test for each row, through the whole pipeline.
@Suite struct VersionRowTests {
    private static let full = """
        [DEFAULT]
        enabled_backends = fast:file
        image_cache_dir = /var/lib/glance/image-cache
        """

    @Test(
        "any path without a known version: 300 with the list of versions",
        arguments: ["/", "/v1/images", "/v3", "/images", "/v2.99/images"])
    func listOfVersions(path: String) async throws {
        let answer = try await TestClient(configuration: "").expect(300, .get, path)
        #expect(answer.headers[.contentType] == "application/json")
        let newest = try #require(answer["versions"]?.arrayValue?.first)
        #expect(newest["id"] == "v2.17" && newest["status"] == "CURRENT")
        #expect(newest["links"] == [["rel": "self", "href": "http://images.example.com/v2/"]])
    }

    @Test("GET /versions: 200 with the same body", arguments: ["/versions", "/versions/"])
    func versions(path: String) async throws {
        let client = try TestClient(configuration: "")
        #expect(try await client.expect(200, .get, path).body == client.expect(300, .get, "/").body)
    }

    @Test("GET /v2: 302 to /v2/, which is 404")
    func bareVersion() async throws {
        let client = try TestClient(configuration: "")
        let answer = try await client.expect(302, .get, "/v2")
        #expect(answer.headers[.location] == "http://images.example.com/v2/")
        #expect(answer.headers[.contentType] == "text/plain; charset=utf8")
        try await client.expect(404, .get, "/v2/")
    }

    @Test("/v2.0/… to /v2.18/…: as /v2/…", arguments: 0...18)
    func synonyms(minor: Int) async throws {
        let client = try TestClient(configuration: Self.full)
        #expect(
            try await client.expect(200, .get, "/v2.\(minor)/images")["base"]
                == client.expect(200, .get, "/v2/images")["base"])
    }

    @Test("Accept: application/vnd.openstack.images-v2.x: the version of a path that has none")
    func negotiation() async throws {
        let answer = try await TestClient(configuration: "").expect(
            200, .get, "/images", headers: [.accept: "application/vnd.openstack.images-v2.3"])
        // There are no microversions.
        #expect(answer.headers[try #require(HTTPField.Name("OpenStack-API-Version"))] == nil)
    }

    @Test("GET /healthcheck: 200 OK without a token")
    func healthcheck() async throws {
        #expect(try await TestClient().expect(200, .get, "/healthcheck").body == "OK")
    }

    // MARK: Routing

    @Test("an unknown path below /v2: 404", arguments: ["/v2/nothing", "/v2/images/x/nothing", "/v2/info"])
    func unknownPaths(path: String) async throws {
        try await RowSite().owner.expect(404, .get, path)
    }

    @Test(
        "a known path with another method: 405 with Allow",
        arguments: [
            ("/v2/images", "GET, POST"), ("/v2/images/x", "GET, PATCH, DELETE"), ("/v2/images/x/file", "GET, PUT"),
            ("/v2/images/x/tags/t", "PUT, DELETE"), ("/v2/images/x/members", "GET, POST"),
            ("/v2/images/x/locations", "GET, POST"), ("/v2/images/x/import", "POST"), ("/v2/info/usage", "GET"),
            ("/v2/images/x/actions/deactivate", "POST"),
        ])
    func otherMethods(path: String, allowed: String) async throws {
        let answer = try await RowSite().owner.expect(405, .init("BREW")!, path)
        let methods = (answer.headers[.allow] ?? "").split(separator: ", ").sorted()
        #expect(methods == allowed.split(separator: ", ").sorted())
    }

    @Test("HEAD: 405 everywhere")
    func head() async throws {
        let site = try await RowSite(isMultiStore: true)
        let id = try await site.active()
        for route in site.harness.routes {
            let path = route.template.replacing("{image_id}", with: id)
            try await site.admin.expect(405, .head, path)
        }
    }

    @Test("a made-up method: 501 on an unknown path")
    func madeUpMethods() async throws {
        try await RowSite().owner.expect(501, .init("BREW")!, "/v2/nothing")
    }

    @Test("OPTIONS: 200 with an empty body, before any token is asked for")
    func options() async throws {
        let answer = try await TestClient().expect(200, .options, "/v2/images/x")
        #expect(answer.bytes.isEmpty)
    }

    @Test("a body where none is expected: 400")
    func unexpectedBodies() async throws {
        let site = try await RowSite(isMultiStore: true)
        let id = try await site.active()
        let image = "/v2/images/\(id)"
        for (method, path) in [
            (.get, image), (.delete, image), (.get, image + "/file"), (.get, image + "/members"),
            (.get, image + "/members/m"), (.delete, image + "/members/m"), (.put, image + "/tags/t"),
            (.delete, image + "/tags/t"), (.post, image + "/actions/deactivate"), (.get, image + "/tasks"),
            (.post, image + "/actions/reactivate"), (.get, "/v2/schemas/image"), (.get, "/v2/info/import"),
            (.get, "/v2/info/stores"), (.get, "/v2/info/stores/detail"), (.delete, "/v2/stores/slow/\(id)"),
        ] as [(HTTPRequest.Method, String)] {
            let answer = try await site.owner.expect(400, method, path, body: "x")
            #expect(answer.body.contains("A body is not expected with this request."))
        }
    }

    @Test("GET /v2/images with a body: 200")
    func toleratedBody() async throws {
        try await RowSite().owner.expect(200, .get, "/v2/images", body: "x")
    }

    @Test("percent-encoding that is not UTF-8: 400", arguments: ["/v2/images/%FF", "/v2/images?name=%FF"])
    func undecodable(path: String) async throws {
        try await RowSite().owner.expect(400, .get, path)
    }

    @Test("characters of four bytes in what is stored: 400")
    func fourBytes() async throws {
        let site = try await RowSite()
        let id = try await site.queued()
        try await site.owner.expect(400, .post, "/v2/images", body: #"{"name": "😀"}"#)
        try await site.owner.expect(400, .post, "/v2/images", body: #"{"😀": "x"}"#)
        try await site.owner.expect(400, .put, "/v2/images/\(id)/tags/%F0%9F%98%80")
        try await site.owner.expect(400, .post, "/v2/images/\(id)/members", body: #"{"member": "😀"}"#)
        try await site.owner.patch(400, id, #"{"op": "add", "path": "/x", "value": "😀"}"#)
    }

    @Test("the character zero, in a path, a query or a body: 400")
    func zero() async throws {
        let client = try await RowSite().owner
        try await client.expect(400, .get, "/v2/images/a%00b")
        try await client.expect(400, .get, "/v2/images?name=%00")
        try await client.expect(400, .post, "/v2/images", body: #"{"name": "a\u0000b"}"#)
    }

    // MARK: Answers

    @Test("no answer has Last-Modified, Vary, Cache-Control or Server, nor ETag but of data")
    func absentHeaders() async throws {
        let site = try await RowSite()
        let id = try await site.active()
        for path in ["/v2/images", "/v2/images/\(id)", "/v2/images/\(id)/file", "/v2/schemas/image"] {
            let headers = try await site.owner.expect(200, .get, path).headers
            for name in [.lastModified, .vary, .cacheControl, .server] as [HTTPField.Name] {
                #expect(headers[name] == nil, "\(path)")
            }
            #expect((headers[.eTag] != nil) == path.hasSuffix("/file"))
        }
    }

    @Test("204 and 202: Content-Type text/html, Content-Length 0")
    func emptyAnswers() async throws {
        let site = try await RowSite(isMultiStore: true)
        let id = try await site.queued()
        let source = #"{"method": {"name": "web-download", "uri": "http://127.0.0.1:9/"}}"#
        for answer in [
            try await site.owner.expect(204, .put, "/v2/images/\(id)/tags/t"),
            try await site.owner.expect(202, .post, "/v2/images/\(id)/import", body: source),
        ] {
            #expect(answer.headers[.contentType] == "text/html; charset=UTF-8")
            #expect(answer.headers[.contentLength] == "0" && answer.bytes.isEmpty)
        }
    }

    @Test("JSON has a blank behind comma and colon, and times end with Z")
    func form() async throws {
        let site = try await RowSite()
        let answer = try await site.owner.expect(201, .post, "/v2/images", body: #"{"name": "n"}"#)
        #expect(answer.headers[.contentType] == "application/json")
        #expect(answer.body.hasPrefix(#"{"name": "n", "disk_format": null, "#))
        let time = try #require(answer["created_at"]?.stringValue)
        #expect(time.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/#) != nil)
    }

    @Test(
        "x-openstack-request-id: the client's, with req- in front where it is not; 431 beyond 64 characters",
        arguments: [("req-a", 200, "req-a"), ("b", 200, "req-b"), (String(repeating: "c", count: 65), 431, nil)]
            as [(String, Int, String?)])
    func requestIDs(given: String, status: Int, shown: String?) async throws {
        let answer = try await TestClient(configuration: "").expect(
            status, .get, "/v2/images", headers: [.openStackRequestID: given])
        if let shown { #expect(answer.headers[.openStackRequestID] == shown) }
    }

    @Test("x-openstack-request-id: a new one without the client's; none on lists of versions and on 401")
    func newRequestIDs() async throws {
        let open = try TestClient(configuration: "")
        let id = try await open.expect(200, .get, "/v2/images").headers[.openStackRequestID]
        #expect(id?.hasPrefix("req-") == true)
        #expect(try await open.expect(300, .get, "/").headers[.openStackRequestID] == nil)
        #expect(try await TestClient().expect(401, .get, "/v2/images").headers[.openStackRequestID] == nil)
    }

    // MARK: Errors

    @Test(
        "the body of an error follows Accept",
        arguments: [
            (nil, "text/plain; charset=UTF-8", "404 Not Found\n\nMESSAGE\n\n   "),
            ("text/plain", "text/plain; charset=UTF-8", "404 Not Found\n\nMESSAGE\n\n   "),
            (
                "*/*", "text/html; charset=UTF-8",
                "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  "
                    + "MESSAGE<br /><br />\n\n\n\n </body>\n</html>"
            ),
            (
                "application/json", "application/json",
                #"{"message": "MESSAGE<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}"#
            ),
        ] as [(String?, String, String)])
    func errors(accept: String?, type: String, body: String) async throws {
        var headers: HTTPFields = [:]
        headers[.accept] = accept
        let answer = try await RowSite().owner.expect(404, .get, "/v2/images/none", headers: headers)
        #expect(answer.headers[.contentType] == type)
        #expect(answer.body == body.replacing("MESSAGE", with: "No image found with ID none"))
    }

    @Test("415: the reason comes behind the media type that was sent")
    func unsupportedMediaType() async throws {
        let site = try await RowSite()
        let answer = try await site.owner.patch(
            415, try await site.queued(), "", headers: [.contentType: "text/xml"])
        #expect(answer.body.hasPrefix("415 Unsupported Media Type\n\nThe request media type text/xml is not supported"))
        #expect(answer.body.contains("\n\n An image patch must have"))
    }

    @Test("401: WWW-Authenticate names Keystone; 503 when it does not answer")
    func unauthorized() async throws {
        let client = try TestClient()
        let answer = try await client.expect(401, .get, "/v2/images", headers: [.authToken: "bad"])
        #expect(answer.headers[.wwwAuthenticate] == "Keystone uri=\"http://keystone.example.com:5000\"")
        try await client.expect(503, .get, "/v2/images", headers: [.authToken: "down"])
    }

    @Test("an image that is not visible: 404, whatever is asked; one that is, but is another's: 403")
    func hiddenAndForbidden() async throws {
        let site = try await RowSite(isMultiStore: true)
        for (visibility, status) in [("private", 404), ("community", 403)] {
            let id = try await site.active("data", #", "visibility": "\#(visibility)""#)
            let path = "/v2/images/\(id)"
            try await site.stranger.expect(status, .delete, path)
            try await site.stranger.patch(status, id, #"{"op": "replace", "path": "/name", "value": "x"}"#)
            try await site.stranger.expect(status, .put, path + "/tags/t")
            try await site.stranger.expect(status, .post, path + "/actions/deactivate")
            try await site.stranger.expect(status, .post, path + "/members", body: #"{"member": "theirs"}"#)
            try await site.stranger.expect(status, .put, path + "/file", headers: .octets, body: "x")
            try await site.stranger.expect(status, .put, path + "/stage", headers: .octets, body: "x")
        }
    }
}
