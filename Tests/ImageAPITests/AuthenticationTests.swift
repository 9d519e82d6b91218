import HTTPTypes
import Testing

@testable import ImageAPI

struct AuthenticationTests {
    private static let keystone = "[paste_deploy]\nflavor = keystone\n"

    @Test func makesTheCallerOfAToken() async throws {
        let client = try TestClient()
        let answer = try await client.send(.get, "/v2/images", headers: [.authToken: "good"])
        #expect(answer.status == 200)
        #expect(answer.body.contains(#""project": "p1", "admin": false, "read_only": false"#))
        let line = try #require(client.log.lines.last)
        #expect(line.metadata["project_id"] == "p1")
        #expect(line.metadata["path_template"] == "/v2/images")
    }

    @Test(arguments: [nil, "bad", ""])
    func challengesWithoutAValidToken(token: String?) async throws {
        var headers: HTTPFields = [:]
        headers[.authToken] = token
        let answer = try await TestClient().send(.get, "/v2/images", headers: headers)
        #expect(answer.status == 401)
        #expect(answer.headers[.wwwAuthenticate] == "Keystone uri=\"http://keystone.example.com:5000\"")
        #expect(answer.headers[.openStackRequestID] == nil)
        #expect(answer.body.hasPrefix("401 Unauthorized\n\n"))
    }

    @Test func decidesItselfWithoutDelay() async throws {
        let paste = PasteFile.shippedText.replacing("delay_auth_decision = true", with: "delay_auth_decision = false")
        let client = try TestClient(
            configuration: "[DEFAULT]\nallow_anonymous_access = true\n\(Self.keystone)", paste: paste)
        #expect(try await client.send(.get, "/v2/images").status == 401)
    }

    @Test func answers503WithoutKeystone() async throws {
        let client = try TestClient()
        let answer = try await client.send(.get, "/v2/images", headers: [.authToken: "down"])
        #expect(answer.status == 503)
        #expect(!client.log.lines.contains { $0.metadata.values.contains { $0.contains("down") } })
    }

    @Test func letsServiceTokensKeepExpiredTokensAlive() async throws {
        let client = try TestClient()
        #expect(try await client.send(.get, "/v2/images", headers: [.authToken: "expired"]).status == 401)
        let headers: HTTPFields = [.authToken: "expired", .serviceToken: "service"]
        #expect(try await client.send(.get, "/v2/images", headers: headers).status == 200)
    }

    @Test func believesNoIdentityHeaders() async throws {
        let headers: HTTPFields = [
            .init("X-Identity-Status")!: "Confirmed", .init("X-Roles")!: "admin", .init("X-Project-Id")!: "victim",
            .init("X-User-Id")!: "root",
        ]
        #expect(try await TestClient().send(.get, "/v2/images", headers: headers).status == 401)
        var withToken = headers
        withToken[.authToken] = "good"
        let answer = try await TestClient().send(.get, "/v2/images", headers: withToken)
        #expect(answer.body.contains(#""project": "p1", "admin": false"#))
    }

    @Test func letsAnonymousCallersReadWhereAllowed() async throws {
        let client = try TestClient(configuration: "[DEFAULT]\nallow_anonymous_access = true\n\(Self.keystone)")
        let answer = try await client.send(.get, "/v2/images", headers: [.authToken: "bad"])
        #expect(answer.body.contains(#""project": null, "admin": false, "read_only": true"#))
    }

    @Test func makesEverybodyAdministratorWithoutAuthentication() async throws {
        let answer = try await TestClient(configuration: "").send(.get, "/v2/images")
        #expect(answer.body.contains(#""project": null, "admin": true, "read_only": false"#))
    }

    // MARK: Request ids

    @Test func generatesRequestIDs() async throws {
        let client = try TestClient(configuration: "")
        let first = try await client.send(.get, "/v2/images").headers[.openStackRequestID]
        let second = try await client.send(.get, "/v2/images").headers[.openStackRequestID]
        let id = try #require(first)
        #expect(id != second)
        let groups = id.split(separator: "-")
        #expect(groups.map(\.count) == [3, 8, 4, 4, 4, 12])
        #expect(groups[3].hasPrefix("4"))
        #expect(["8", "9", "a", "b"].contains { groups[4].hasPrefix($0) })
    }

    @Test(arguments: [("req-1234", "req-1234"), ("abc.DEF_1", "req-abc.DEF_1")])
    func takesInboundRequestIDs(inbound: String, expected: String) async throws {
        let client = try TestClient(configuration: "")
        let answer = try await client.send(.get, "/v2/images", headers: [.openStackRequestID: inbound])
        #expect(answer.headers[.openStackRequestID] == expected)
        #expect(answer.body.contains(#""request_id": "\#(expected)""#))
        #expect(client.log.lines.last?.metadata["request_id"] == expected)
    }

    @Test(arguments: ["a b", "x\ty", "<script>", "ü", "a\"b"])
    func replacesUnusableRequestIDs(inbound: String) async throws {
        let client = try TestClient(configuration: "")
        let answer = try await client.send(.get, "/v2/images", headers: [.openStackRequestID: inbound])
        #expect(answer.status == 200)
        #expect(answer.headers[.openStackRequestID]?.contains(inbound) == false)
        #expect(!client.log.lines.contains { $0.metadata.values.contains(inbound) })
    }

    @Test func refusesLongRequestIDs() async throws {
        let headers: HTTPFields = [.openStackRequestID: String(repeating: "a", count: 65)]
        #expect(try await TestClient(configuration: "").send(.get, "/v2/images", headers: headers).status == 431)
        let unlimited = try TestClient(configuration: "[DEFAULT]\nmax_request_id_length = 0\n")
        #expect(try await unlimited.send(.get, "/v2/images", headers: headers).status == 200)
    }

    @Test func putsTheRequestIDOnErrorsToo() async throws {
        let answer = try await TestClient(configuration: "").send(.get, "/v2/nothing")
        #expect(answer.status == 404)
        #expect(answer.headers[.openStackRequestID] != nil)
    }
}
