import Events
import Glibc
import HTTPServer
import HTTPTypes
import Hummingbird
import NIOCore
import OsloConfig
import Synchronization
import Testing

@testable import ImageAPI

struct CORSTests {
    private static let configuration = """
        [cors]
        allowed_origin = http://valid.example.com, http://second.example.com
        max_age = 60
        [cors.other]
        allowed_origin = http://other.example.com
        allow_credentials = false
        allow_methods = GET
        """

    @Test func marksAnswersForKnownOrigins() async throws {
        let client = try TestClient(configuration: Self.configuration)
        let answer = try await client.send(.get, "/v2/images", headers: [.origin: "http://valid.example.com"])
        #expect(answer.status == 200)
        #expect(answer.headers[.accessControlAllowOrigin] == "http://valid.example.com")
        #expect(answer.headers[.accessControlAllowCredentials] == "true")
        #expect(
            answer.headers[.accessControlExposeHeaders]
                == "X-Image-Meta-Checksum,X-Auth-Token,X-Subject-Token,X-Service-Token,X-OpenStack-Request-ID")
        #expect(answer.headers[.vary] == "Origin")

        let other = try await client.send(.get, "/v2/nothing", headers: [.origin: "http://other.example.com"])
        #expect(other.status == 404)
        #expect(other.headers[.accessControlAllowOrigin] == "http://other.example.com")
        #expect(other.headers[.accessControlAllowCredentials] == nil)
    }

    @Test func leavesOthersAlone() async throws {
        let client = try TestClient(configuration: Self.configuration)
        let unknown = try await client.send(.get, "/v2/images", headers: [.origin: "http://invalid.example.com"])
        #expect(unknown.status == 200)
        #expect(unknown.headers[.accessControlAllowOrigin] == nil)
        #expect(unknown.headers[.vary] == nil)
    }

    @Test func answersPreflight() async throws {
        let client = try TestClient(configuration: Self.configuration + "\n[paste_deploy]\nflavor = keystone\n")
        let answer = try await client.send(
            .options, "/v2/images",
            headers: [
                .origin: "http://second.example.com", .accessControlRequestMethod: "PUT",
                .accessControlRequestHeaders: "x-auth-token, Content-Type",
            ])
        #expect(answer.status == 200)
        #expect(answer.body.isEmpty)
        #expect(answer.headers[.accessControlAllowOrigin] == "http://second.example.com")
        #expect(answer.headers[.accessControlAllowMethods] == "PUT")
        #expect(answer.headers[.accessControlAllowHeaders] == "x-auth-token,Content-Type")
        #expect(answer.headers[.accessControlMaxAge] == "60")
    }

    @Test(arguments: [
        [:] as HTTPFields, [.origin: "http://valid.example.com"],
        [.origin: "http://valid.example.com", .accessControlRequestMethod: "TRACE"],
        [
            .origin: "http://valid.example.com", .accessControlRequestMethod: "GET",
            .accessControlRequestHeaders: "X-Unheard-Of",
        ],
        [.origin: "http://other.example.com", .accessControlRequestMethod: "PUT"],
        [.origin: "http://invalid.example.com", .accessControlRequestMethod: "GET"],
    ])
    func answersOtherOptionsEmptily(headers: HTTPFields) async throws {
        let answer = try await TestClient(configuration: Self.configuration).send(.options, "/x", headers: headers)
        #expect(answer.status == 200)
        #expect(answer.headers[.contentLength] == "0")
        #expect(answer.headers[.accessControlAllowOrigin] == nil)
    }

    @Test func answersAnyOriginWithAStar() async throws {
        let client = try TestClient(configuration: "[cors]\nallowed_origin = *, http://named.example.com\n")
        let answer = try await client.send(.get, "/v2/images", headers: [.origin: "http://anybody"])
        #expect(answer.headers[.accessControlAllowOrigin] == "*")
        let named = try await client.send(.get, "/v2/images", headers: [.origin: "http://named.example.com"])
        #expect(named.headers[.accessControlAllowOrigin] == "http://named.example.com")
    }

    /// Origins are compared letter by letter, as oslo's filter does.
    @Test(arguments: [
        "HTTP://valid.example.com", "http://valid.example.com/", "http://valid.example.com http://second.example.com",
        "null", "",
    ])
    func knowsOriginsAsTheyAreWritten(origin: String) async throws {
        let client = try TestClient(configuration: Self.configuration)
        let answer = try await client.send(.get, "/v2/images", headers: [.origin: origin])
        #expect(answer.status == 200 && answer.headers[.accessControlAllowOrigin] == nil)
    }

    @Test(arguments: [
        ("", nil), ("x-auth-token", "x-auth-token"), ("X-Auth-Token,accept , PRAGMA", "X-Auth-Token,accept,PRAGMA"),
        (" , x-auth-token", "x-auth-token"), (",,", nil),
    ])
    func namesTheHeadersThatWereAskedFor(asked: String, allowed: String?) async throws {
        let client = try TestClient(configuration: Self.configuration)
        let answer = try await client.send(
            .options, "/v2/images",
            headers: [
                .origin: "http://valid.example.com", .accessControlRequestMethod: "GET",
                .accessControlRequestHeaders: asked,
            ])
        #expect(answer.headers[.accessControlAllowMethods] == "GET")
        #expect(answer.headers[.accessControlAllowHeaders] == allowed)
    }
}

struct HealthcheckTests {
    private static func client(_ text: String, paste: String = PasteFile.shippedText) throws -> TestClient {
        try TestClient(configuration: text, paste: paste)
    }

    private static func paste(disabledBy path: String) -> String {
        PasteFile.shippedText.replacing("/etc/glance/healthcheck_disable", with: path)
    }

    @Test func followsTheFile() async throws {
        var template = Array("/tmp/glance-health-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        close(descriptor)
        let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        let client = try Self.client("[paste_deploy]\nflavor = keystone\n", paste: Self.paste(disabledBy: path))
        let down = try await client.send(.get, "/healthcheck")
        #expect(down.status == 503)
        #expect(down.body == "DISABLED BY FILE")
        #expect(try await client.send(.head, "/healthcheck").status == 503)

        unlink(path)
        let up = try await client.send(.get, "/healthcheck", headers: [.accept: "*/*"])
        #expect(up.status == 200)
        #expect(up.body == "OK")
        #expect(up.headers[.contentType] == "text/plain; charset=UTF-8")
        #expect(try await client.send(.head, "/healthcheck").status == 204)
        let json = try await client.send(.get, "/healthcheck", headers: [.accept: "application/json"])
        #expect(json.body == #"{"detailed": false, "reasons": ["OK"]}"#)
        let html = try await client.send(.get, "/healthcheck/", headers: [.accept: "text/html"])
        #expect(html.body.contains("<TD>OK</TD>"))
    }

    @Test(arguments: [
        ("application/*", "application/json"), ("APPLICATION/JSON", "application/json"),
        ("text/html;q=0.5, application/json", "application/json"), ("text/html", "text/html; charset=UTF-8"),
        ("*/*, text/html", "text/html; charset=UTF-8"), ("text/*", "text/plain; charset=UTF-8"),
        ("image/png", "text/plain; charset=UTF-8"), ("garbage", "text/plain; charset=UTF-8"),
    ])
    func answersWhatIsAccepted(accept: String, type: String) async throws {
        let answer = try await Self.client("").send(.get, "/healthcheck", headers: [.accept: accept])
        #expect(answer.headers[.contentType] == type)
    }

    @Test func wantsFilesThere() async throws {
        let paste = PasteFile.shippedText.replacing(
            "backends = disable_by_file",
            with: "backends = enable_by_files\nenable_by_file_paths = /, /nonexistent/marker\ndetailed = true")
        let answer = try await Self.client("", paste: paste).send(.get, "/healthcheck")
        #expect(answer.status == 503)
        #expect(answer.body == "FILE PATH MISSING (/nonexistent/marker does not exist)")
    }

    @Test func looksAtThePortOfTheServer() async throws {
        let paste = PasteFile.shippedText.replacing(
            "backends = disable_by_file\n",
            with: "backends = disable_by_files_ports\ndisable_by_file_paths = 9292:/, 1:/x\n")
        #expect(try await Self.client("", paste: paste).send(.get, "/healthcheck").status == 503)
        let other = try Self.client("[DEFAULT]\nbind_port = 9393\n", paste: paste)
        #expect(try await other.send(.get, "/healthcheck").status == 200)
    }

    @Test(arguments: [
        ("10.1.2.3", 200), ("10.2.0.1", 404), ("2001:db8::1", 200), ("2001:db9::1", 404), ("::ffff:10.1.0.1", 200),
    ])
    func answersAllowedSourcesOnly(source: String, status: Int) async throws {
        let client = try Self.client("[healthcheck]\nallowed_source_ranges = 10.1.0.0/16, 2001:db8::/32\n")
        #expect(try await client.send(.get, "/healthcheck", source: source).status == status)
    }

    @Test func ignoresProxiedRequestsWhereAsked() async throws {
        let client = try Self.client("[healthcheck]\nignore_proxied_requests = true\n")
        #expect(try await client.send(.get, "/healthcheck", headers: [.forwardedHost: "x"]).status == 404)
        #expect(try await client.send(.get, "/healthcheck").status == 200)
    }

    @Test(arguments: [
        "[healthcheck]\nallowed_source_ranges = 10.0.0.0/33\n", "[healthcheck]\nallowed_source_ranges = somewhere\n",
    ])
    func refusesTheStart(text: String) {
        #expect(throws: ConfigurationError.self) { try Self.client(text) }
    }

    @Test func refusesUnknownBackends() {
        let paste = PasteFile.shippedText.replacing("backends = disable_by_file", with: "backends = magic")
        #expect(throws: ConfigurationError.self) { try Self.client("", paste: paste) }
    }
}

struct GzipTests {
    private static let paste = PasteFile.shippedText.replacing("default = cors", with: "default = gzip cors")

    @Test func compressesWhereAccepted() async throws {
        let text = String(repeating: "glance ", count: 50_000)
        let route = Route(.get, "/v2/images") { _, _ in
            Response(
                status: .ok, headers: [.init("Content-MD5")!: "abc", .eTag: "\"tag\"", .acceptRanges: "bytes"],
                body: ResponseBody(contentsOf: [ByteBuffer(string: text), ByteBuffer(string: "end")]))
        }
        let client = try TestClient(configuration: "", paste: Self.paste, routes: [route])
        let answer = try await client.send(.get, "/v2/images", headers: [.acceptEncoding: "deflate, gzip;q=0.5"])
        #expect(answer.headers[.contentEncoding] == "gzip")
        #expect(answer.headers[.contentLength] == nil)
        #expect(answer.headers[.init("Content-MD5")!] == "abc")
        #expect(answer.headers[.vary] == "Accept-Encoding")
        // A strong tag, and ranges, are of the data as they are.
        #expect(answer.headers[.eTag] == "W/\"tag\"" && answer.headers[.acceptRanges] == nil)
        let plain = try await client.send(.get, "/v2/images")
        #expect(plain.headers[.eTag] == "\"tag\"" && plain.headers[.acceptRanges] == "bytes")
        #expect(answer.bytes.count < text.utf8.count / 10)
        #expect(try Gunzip.text(answer.bytes) == text + "end")
    }

    /// Glance compresses parts, and says of bodies that are none that they are compressed.
    @Test func leavesPartsAndEmptyAnswersAlone() async throws {
        let routes = [
            Route(.get, "/v2/images") { _, _ in
                Response(status: .partialContent, body: ResponseBody(contentsOf: [ByteBuffer(string: "part")]))
            },
            Route(.get, "/v2/tasks") { _, _ in .empty(.noContent) },
        ]
        let client = try TestClient(configuration: "", paste: Self.paste, routes: routes)
        for path in ["/v2/images", "/v2/tasks"] {
            let answer = try await client.send(.get, path, headers: [.acceptEncoding: "gzip"])
            #expect(answer.headers[.contentEncoding] == nil)
        }
    }

    @Test(arguments: ["identity", "gzip;q=0", "gzip; q=0.0", "gzip;q=0, *", "foo-gzip", "br", ""])
    func leavesOthersAlone(accepted: String) async throws {
        let client = try TestClient(configuration: "", paste: Self.paste)
        let answer = try await client.send(.get, "/v2/images", headers: [.acceptEncoding: accepted])
        #expect(answer.headers[.contentEncoding] == nil)
        #expect(answer.body.hasPrefix("{"))
    }
}

struct SizeLimitTests {
    private static let paste =
        PasteFile.shippedText.replacing("default = cors", with: "default = sizelimit cors")
        + "[filter:sizelimit]\nuse = egg:oslo.middleware#sizelimit\nmax_request_body_size = 10\n"

    @Test(arguments: [("1234567890", 200), ("12345678901", 413)])
    func limitsBodies(body: String, status: Int) async throws {
        let route = Route(.post, "/v2/images") { request, _ in
            for try await _ in request.body {}
            return .empty(.ok)
        }
        let client = try TestClient(configuration: "", paste: Self.paste, routes: [route])
        #expect(try await client.send(.post, "/v2/images", body: body).status == status)
        let chunked: HTTPFields = [.transferEncoding: "chunked"]
        #expect(try await client.send(.post, "/v2/images", headers: chunked, body: body).status == status)
    }
}

struct AccessLogTests {
    @Test func writesOneLineForARequest() async throws {
        let client = try TestClient()
        _ = try await client.send(.get, "/v2/images?limit=1", headers: [.authToken: "admin"], source: "192.0.2.7")
        let lines = client.log.lines.filter { $0.level == .info }
        let line = try #require(lines.first)
        #expect(lines.count == 1)
        #expect(line.message == "GET /v2/images?limit=1 200")
        #expect(line.metadata["message_id"] == Event.requestFinished.id)
        #expect(line.metadata["method"] == "GET")
        #expect(line.metadata["path_template"] == "/v2/images")
        #expect(line.metadata["image_id"] == nil)
        #expect(line.metadata["global_request_id"] == nil)
        #expect(line.metadata["status"] == "200")
        #expect(line.metadata["bytes_in"] == "0")
        #expect(line.metadata["project_id"] == "p2")
        #expect(line.metadata["client"] == "192.0.2.7")
        #expect(line.metadata["user_id"] == "u2")
        #expect(line.metadata["request_id"]?.hasPrefix("req-") == true)
        #expect(line.metadata["bytes"].flatMap(Int.init).map { $0 > 0 } == true)
        #expect(line.metadata["duration_ms"].flatMap(Int.init) != nil)
        #expect(line.metadata["aborted"] == nil)
        #expect(!line.metadata.values.contains("admin"))
    }

    @Test(
        arguments: [
            ([.forwardedFor: "203.0.113.9"], "127.0.0.1", "203.0.113.9"),
            // The client has made up the first one; 10.0.0.2 is a second proxy of ours.
            ([.forwardedFor: "8.8.8.8, 203.0.113.9:1234, 10.0.0.2"], "10.0.0.1", "203.0.113.9"),
            ([.forwarded: "for=8.8.8.8, for=\"[2001:db8::9]:80\";proto=http, for=10.0.0.2"], "::1", "2001:db8::9"),
            ([.forwardedFor: "10.0.0.7"], "10.0.0.1", "10.0.0.7"),
            ([.forwardedFor: "203.0.113.9"], "198.51.100.1", nil),
            ([.forwardedFor: "unknown"], "10.0.0.1", nil),
            ([:], "10.0.0.1", nil),
        ] as [(HTTPFields, String, String?)])
    func namesTheClientBehindTrustedProxies(headers: HTTPFields, source: String, client: String?) async throws {
        let server = try TestClient(configuration: "[oslo_middleware]\nenable_proxy_headers_parsing = true\n")
        _ = try await server.send(.get, "/v2/images", headers: headers, source: source)
        let line = try #require(server.log.lines.last)
        #expect(line.metadata["client"] == client ?? source)
        #expect(line.metadata["proxy"] == (client == nil ? nil : source))
    }

    @Test func trustsNobodyWithoutTheOption() async throws {
        let server = try TestClient(configuration: "")
        _ = try await server.send(.get, "/v2/images", headers: [.forwardedFor: "203.0.113.9"], source: "127.0.0.1")
        #expect(server.log.lines.last?.metadata["client"] == "127.0.0.1")
    }

    @Test func aNetworkThatIsNoneEndsTheStart() {
        #expect(throws: ConfigurationError.self) {
            try TestClient(
                configuration: "[oslo_middleware]\nenable_proxy_headers_parsing = true\ntrusted_proxies = somebody\n")
        }
    }

    @Test func auditsWhereThePipelineSaysSo() async throws {
        let paste =
            PasteFile.shippedText.replacing("authtoken context rootapp", with: "authtoken context audit rootapp")
            + "[filter:audit]\npaste.filter_factory = keystonemiddleware.audit:filter_factory\n"
            + "audit_map_file = /etc/glance/api_audit_map.conf\n"
        let server = try TestClient(paste: paste)
        _ = try await server.send(.get, "/v2/images", headers: [.authToken: "good"], source: "192.0.2.7")
        _ = try await server.send(.delete, "/v2/images", headers: [.authToken: "good"], source: "192.0.2.7")
        let events = server.log.lines.filter { $0.metadata["message_id"] == Event.requestAudited.id }
        #expect(events.map { $0.metadata["action"] } == ["read/list", "delete"])
        #expect(events.map { $0.metadata["outcome"] } == ["success", "failure"])
        #expect(events.first?.metadata["initiator"] == "u1")
        #expect(events.first?.metadata["initiator_project"] == "p1")
        #expect(events.first?.metadata["target"] == "/v2/images")
    }

    @Test func namesTheRouteAndTheImageButNeverThePath() async throws {
        let route = Route(.put, "/v2/images/{image_id}/file") { request, _ in
            for try await _ in request.body {}
            return Response(status: .noContent)
        }
        let client = try TestClient(configuration: "", routes: [route])
        let id = "11111111-2222-3333-4444-555555555555"
        _ = try await client.send(
            .put, "/v2/images/\(id)/file", headers: [.openStackRequestID: "req-of-nova"], body: "12345")
        var line = try #require(client.log.lines.last)
        #expect(line.metadata["path_template"] == "/v2/images/{image_id}/file")
        #expect(line.metadata["image_id"] == id)
        #expect(line.metadata["bytes_in"] == "5")
        #expect(line.metadata["bytes"] == "0")
        #expect(line.metadata["request_id"] == "req-of-nova")
        #expect(line.metadata["global_request_id"] == "req-of-nova")

        _ = try await client.send(.get, "/v2/nothing/\(id)")
        line = try #require(client.log.lines.last)
        #expect(line.metadata["status"] == "404")
        #expect(line.metadata["path_template"]?.contains(id) != true)
        #expect(line.metadata["image_id"] == nil)

        _ = try await client.send(.put, "/v2/images/\(id)\(id)/file", body: "1")
        line = try #require(client.log.lines.last)
        #expect(line.metadata["image_id"] == nil)
    }

    @Test func unexpectedFailuresAreEventsOfTheirOwn() async throws {
        struct Broken: Error {}
        let route = Route(.get, "/v2/images") { _, _ in throw Broken() }
        let client = try TestClient(configuration: "", routes: [route])
        #expect(try await client.send(.get, "/v2/images").status == 500)
        let failures = client.log.lines.filter { $0.metadata["message_id"] == Event.requestFailed.id }
        #expect(failures.count == 1)
        #expect(failures.first?.level == .error)
        #expect(failures.first?.metadata["error"]?.hasSuffix("Broken()") == true)
        let finished = try #require(client.log.lines.last)
        #expect(finished.metadata["message_id"] == Event.requestFinished.id)
        #expect(finished.metadata["status"] == "500")
        #expect(finished.metadata["request_id"] == failures.first?.metadata["request_id"])
    }

    @Test func logsTransfersThatBreak() async throws {
        struct Broken: Error {}
        let route = Route(.get, "/v2/images") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody(contentLength: 10) { writer in
                    try await writer.write(ByteBuffer(string: "12345"))
                    throw Broken()
                })
        }
        let client = try TestClient(configuration: "", routes: [route])
        await #expect(throws: Broken.self) { try await client.send(.get, "/v2/images") }
        let line = try #require(client.log.lines.last)
        #expect(line.metadata["bytes"] == "5")
        #expect(line.metadata["aborted"] == "true")
    }

    /// A client that has its answer finds the line in the log.
    @Test func theLineIsWrittenBeforeTheEndGoesOut() async throws {
        final class Steps: Sendable { let all = Mutex<[String]>([]) }
        struct EndWriter: ResponseBodyWriter {
            let steps: Steps
            mutating func write(_ buffer: ByteBuffer) async throws { steps.all.withLock { $0.append("part") } }
            consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
                steps.all.withLock { $0.append("end") }
            }
        }
        let steps = Steps()
        let writer = counting(EndWriter(steps: steps), ByteCount()) { steps.all.withLock { $0.append("line") } }
        try await ResponseBody(byteBuffer: ByteBuffer(string: "body")).write(writer)
        #expect(steps.all.withLock { $0 } == ["part", "line", "end"])
    }

    @Test func keepsTheWayOpenForSendfile() async throws {
        struct FileWriter: FileRegionWriter {
            mutating func write(_ buffer: ByteBuffer) async throws {}
            mutating func write(descriptor: Int32, region: Range<Int64>) async throws {}
            consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
        }
        let count = ByteCount()
        var writer = try #require(counting(FileWriter(), count) as? any FileRegionWriter)
        try await writer.write(descriptor: 0, region: 10..<30)
        #expect(count.value == 20)
    }
}
