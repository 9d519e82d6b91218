import HTTPServer
import HTTPTypes
import Hummingbird
import ImageDatabase
import ImageService
import NIOCore
import Testing

@testable import ImageAPI

/// Expected bodies were recorded from WebOb 1.8, which renders the errors of Glance.
struct ErrorResponseTests {
    private func render(
        _ error: APIError, accept: String?, method: HTTPRequest.Method = .get, contentType: String? = nil
    ) async throws -> TestClient.Answer {
        let client = TestClient(SameAnswer { error.response(to: $0) })
        var headers: HTTPFields = [:]
        headers[.accept] = accept
        headers[.contentType] = contentType
        return try await client.send(method, "/x", headers: headers)
    }

    @Test(arguments: [
        nil, "text/plain", "image/png", "", "application/json;q=0", "*/*;q=0", "application/json;charset=utf-8",
    ])
    func answersPlainText(accept: String?) async throws {
        let answer = try await render(APIError(.notFound, "No image <x> & \"y\""), accept: accept)
        #expect(answer.headers[.contentType] == "text/plain; charset=UTF-8")
        #expect(answer.body == "404 Not Found\n\nNo image  & \"y\"\n\n   ")
    }

    @Test(arguments: [
        "*/*", "text/html", "text/*", "application/json, text/html", "application/json;q=0.1, */*;q=0.2", "garbage",
        "text/html, application/json;q=0.9", "text/html,application/xhtml+xml,*/*;q=0.8",
    ])
    func answersHTML(accept: String) async throws {
        let answer = try await render(APIError(.notFound, "a\nb <x> & \"y\" 'z' ü 😀"), accept: accept)
        #expect(answer.headers[.contentType] == "text/html; charset=UTF-8")
        #expect(
            answer.body
                == "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  "
                + "a\nb &lt;x&gt; &amp; &quot;y&quot; &#x27;z&#x27; &#252; &#128512;<br /><br />\n\n\n\n </body>\n</html>"
        )
    }

    @Test(arguments: [
        "application/json", "APPLICATION/JSON", "application/*", "text/html;q=0.5, application/json",
        "text/html;q=0,*/*",
        "text/plain, application/json",
    ])
    func answersJSON(accept: String) async throws {
        let answer = try await render(APIError(.notFound, "No image \"y\" ü"), accept: accept)
        #expect(answer.headers[.contentType] == "application/json")
        #expect(
            answer.body
                == #"{"message": "No image \"y\" \u00fc<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}"#
        )
    }

    /// What no request could be made of looks like all other errors.
    @Test(arguments: [
        ("application/json", "application/json", "\"code\": \"400 Bad Request\""),
        ("*/*", "text/html; charset=UTF-8", "<h1>400 Bad Request</h1>"),
        (nil, "text/plain; charset=UTF-8", "400 Bad Request\n\nA reason."),
    ])
    func rendersRefusals(accept: String?, type: String, part: String) {
        let refusal = HTTPRefusal(status: .badRequest, reason: "A reason.", accept: accept)
        let (contentType, text) = ImageAPIApplication.renderRefusal(refusal)
        #expect(contentType == type)
        #expect(text.contains(part))
        #expect(text.contains("A reason."))
    }

    @Test(arguments: [InvalidValue.tooLong, .outOfRange, .characters, .other])
    func aValueThatTheDatabaseRefusesIsTheClients(value: InvalidValue) async throws {
        let answer = try await render(APIError(DatabaseError.invalidValue(value)), accept: nil)
        #expect(answer.status == 400)
        #expect(answer.body.contains(value.reason))
    }

    @Test func namesTheMethodOn405() async throws {
        let error = APIError(.methodNotAllowed, headers: [.allow: "GET, POST"])
        let json = try await render(error, accept: "application/json", method: .put)
        #expect(json.headers[.allow] == "GET, POST")
        #expect(
            json.body
                == #"{"message": "The method PUT is not allowed for this resource. <br /><br />\n", "#
                + #""code": "405 Method Not Allowed", "title": "Method Not Allowed"}"#)
        let plain = try await render(error, accept: nil, method: .put)
        #expect(plain.body == "405 Method Not Allowed\n\nThe method PUT is not allowed for this resource. \n\n ")
        let head = try await render(error, accept: nil, method: .head)
        #expect(head.status == 405)
        #expect(head.headers[.contentLength] == "0")
    }

    @Test func givesTheReasonOf415AfterTheMediaType() async throws {
        let error = APIError(.unsupportedMediaType, "why", headers: [.init("Accept-Patch")!: "application/x"])
        let plain = try await render(error, accept: nil, contentType: "text/xml")
        #expect(
            plain.body
                == "415 Unsupported Media Type\n\nThe request media type text/xml is not supported by this server. \n\n why"
        )
        #expect(plain.headers[.init("Accept-Patch")!] == "application/x")
        let html = try await render(error, accept: "*/*", contentType: "a/<b>")
        #expect(
            html.body.contains(
                "The request media type a/&lt;b&gt; is not supported by this server.\n<br /><br />\nwhy\n </body>"))
    }

    @Test func namesTheMethodOn501() async throws {
        let plain = try await render(APIError(.notImplemented), accept: nil, method: .init("BREW")!)
        #expect(
            plain.body == "501 Not Implemented\n\n The request method BREW is not implemented for this server. \n\n ")
    }

    @Test(arguments: [
        (ServiceError.invalid("m"), 400, "Bad Request"), (.unauthorized("m"), 401, "Unauthorized"),
        (.forbidden("m"), 403, "Forbidden"), (.notFound("m"), 404, "Not Found"), (.conflict("m"), 409, "Conflict"),
        (.gone("m"), 410, "Gone"), (.tooLarge("m"), 413, "Request Entity Too Large"),
        (.unsupportedMediaType("m"), 415, "Unsupported Media Type"),
        (.rangeNotSatisfiable("m"), 416, "Request Range Not Satisfiable"),
        (.unavailable("m"), 503, "Service Unavailable"),
    ])
    func mapsServiceErrors(error: ServiceError, status: Int, title: String) async throws {
        let answer = try await render(APIError(error), accept: "application/json")
        #expect(answer.status == status)
        #expect(answer.reason == title)
        #expect(answer.body.contains(#""code": "\#(status) \#(title)""#))
    }

    @Test func hidesWhatIsNotForClients() async throws {
        struct Secret: Error { let password = "hunter2" }
        let client = try TestClient(
            configuration: "", routes: [Route(.get, "/v2/images") { _, _ in throw Secret() }])
        let answer = try await client.send(.get, "/v2/images", headers: [.accept: "application/json"])
        #expect(answer.status == 500)
        #expect(!answer.body.contains("hunter2"))
        #expect(client.log.lines.contains { $0.level == .error && $0.metadata["error"]?.contains("Secret") == true })
    }

    @Test func saysThatTheDatabaseIsAwayWithoutSayingWhere() async throws {
        let client = try TestClient(
            configuration: "",
            routes: [Route(.get, "/v2/images") { _, _ in throw DatabaseError.unavailable("host db1.internal is down") }]
        )
        let answer = try await client.send(.get, "/v2/images")
        #expect(answer.status == 503)
        #expect(!answer.body.contains("db1"))
        #expect(client.log.lines.contains { $0.level == .error && $0.metadata["error"]?.contains("db1") == true })
    }
}
