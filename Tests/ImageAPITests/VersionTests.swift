import HTTPTypes
import ImageModel
import JSON
import Testing

@testable import ImageAPI

struct VersionTests {
    private static let stage = VersionNegotiationStage(versions: VersionsDocument(isMultiStore: false, hasCache: false))

    @Test(arguments: [
        ("/v2/images", nil, VersionNegotiationStage.Decision.asItIs), ("/v2.0/images", nil, .rewritten("/v2/images")),
        ("/v2.17/images/x/file", nil, .rewritten("/v2/images/x/file")), ("/v2", nil, .rewritten("/v2")),
        ("//v2/images", nil, .rewritten("/v2/images")), ("/", nil, .list(.multipleChoices)),
        ("/v1/images", nil, .list(.multipleChoices)),
        ("/v3", nil, .list(.multipleChoices)), ("/v2.99/images", nil, .list(.multipleChoices)),
        ("/v2.8/images", nil, .list(.multipleChoices)), ("/images", nil, .list(.multipleChoices)),
        ("/versions", nil, .list(.ok)),
        ("/versions/", nil, .list(.ok)), ("/images", "application/vnd.openstack.images-v2", .rewritten("/v2/images")),
        ("/images", "application/vnd.openstack.images-v2.3", .rewritten("/v2/images")),
        ("/images", "application/vnd.openstack.images-v4", .list(.multipleChoices)),
        ("/v2/images", "application/vnd.openstack.images-v2.1", .rewritten("/v2/v2/images")),
        ("/v2/images", "application/json", .asItIs),
    ])
    func decides(path: String, accept: String?, expected: VersionNegotiationStage.Decision) {
        #expect(Self.stage.decide(path: path, accept: accept) == expected)
    }

    @Test(arguments: [
        (false, false, [17, 15, 9, 7, 6, 5, 4, 3, 2, 1, 0], 17),
        (true, false, [17, 15, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 17),
        (false, true, [18, 17, 16, 15, 14, 9, 7, 6, 5, 4, 3, 2, 1, 0], 18),
        (true, true, Array((0...18).reversed()), 18),
    ])
    func listsVersions(isMultiStore: Bool, hasCache: Bool, minors: [Int], current: Int) async throws {
        let versions = VersionsDocument(isMultiStore: isMultiStore, hasCache: hasCache)
        let answer = try await TestClient(versions).send(.get, "/")
        let document = try JSONValue.parse(answer.body)
        let entries = try #require(document.objectValue?["versions"]?.arrayValue)
        #expect(entries.compactMap { $0.objectValue?["id"]?.stringValue } == minors.map { "v2.\($0)" })
        let currents = entries.filter { $0.objectValue?["status"] == "CURRENT" }
        #expect(currents.map { $0.objectValue?["id"] } == [.string("v2.\(current)")])
    }

    @Test(
        arguments: [
            ("", [:] as HTTPFields, "http://images.example.com/v2/"),
            ("public_endpoint = https://api.example.com/image/", [:], "https://api.example.com/image/v2/"),
            ("", [.forwardedProto: "https"], "http://images.example.com/v2/"),
            (
                proxies, [.forwardedProto: "https", .forwardedHost: "h:1", .forwardedPrefix: "/img/"],
                "https://h:1/img/v2/"
            ),
            (proxies, [.forwarded: "for=1.2.3.4; proto=https;host=\"x.example\", proto=http"], "https://x.example/v2/"),
            (proxies, [.forwardedProto: "https, http", .forwardedHost: "one:8443, two"], "https://one:8443/v2/"),
            (proxies, [.forwarded: "for=1.2.3.4, for=\"[2001:db8::1]:4\";proto=https;host=x"], "https://x/v2/"),
            ("public_endpoint = https://p\n\(proxies)", [.forwardedProto: "http"], "https://p/v2/"),
        ] as [(String, HTTPFields, String)])
    func linksWithTheClientsURL(configuration: String, headers: HTTPFields, link: String) async throws {
        let client = try TestClient(configuration: "[DEFAULT]\n\(configuration)")
        #expect(try await client.send(.get, "/", headers: headers).body.contains("\"\(link)\""))
    }

    private static let proxies = "[oslo_middleware]\nenable_proxy_headers_parsing = true"

    /// openstack-helm still mounts it.
    @Test func versionOneIsTheListOfVersions() async throws {
        let paste =
            PasteFile.shippedText.replacing("/v2: apiv2app", with: "/v1: apiv1app\n/v2: apiv2app")
            .replacing("versionnegotiation osprofiler", with: "osprofiler")
            + "[app:apiv1app]\npaste.app_factory = glance.api.v1.router:API.factory\n"
        let answer = try await TestClient(configuration: "", paste: paste).send(.get, "/v1/images")
        #expect(answer.status == 300)
        #expect(answer.body.contains("\"versions\""))
    }

    @Test(arguments: ["/v2//images", "//v2/images", "/v2/images?x=a//b", "/v2///images?limit=1"])
    func slashesAreMerged(path: String) async throws {
        let client = try TestClient(configuration: "")
        #expect(try await client.send(.get, path).status == 200)
        #expect(client.log.lines.last?.message == "GET \(path) 200", "the log has what the client sent")
    }

    @Test func aQueryKeepsItsSlashes() {
        #expect(EntryStage.mergingSlashes("/a//b/?u=http://c//d?") == "/a/b/?u=http://c//d?")
        #expect(EntryStage.mergingSlashes("/a/b?u=//") == nil)
        #expect(EntryStage.mergingSlashes("*") == nil)
    }
}
