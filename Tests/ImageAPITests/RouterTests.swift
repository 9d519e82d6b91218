import HTTPTypes
import Hummingbird
import Testing
import TextCoding

@testable import ImageAPI

struct RouterTests {
    private static let routes = [
        route(.get, "/v2/images"), route(.post, "/v2/images"), route(.get, "/v2/images/{image_id}", body: .rejected),
        route(.patch, "/v2/images/{image_id}"), route(.put, "/v2/images/{image_id}/tags/{tag_value}"),
        route(.get, "/v2/cache"), route(.post, "/v2/cache/clean"), route(.put, "/v2/cache/{image_id}"),
        route(.get, "/v2/cache/clean/deep"),
    ]

    private static func route(
        _ method: HTTPRequest.Method, _ template: String, body: Route.BodyRule = .accepted
    ) -> Route {
        Route(method, template, body: body) { _, context in
            .json { writer in
                writer.object { writer in
                    writer.field("template", template)
                    writer.field("image_id", context.pathParameters["image_id"])
                    writer.field("tag_value", context.pathParameters["tag_value"])
                }
            }
        }
    }

    private let client = TestClient(APIRouter(table: RouteTable(routes)))

    @Test(arguments: [
        ("/v2/images", "/v2/images", "", ""), ("/v2/images/a-b", "/v2/images/{image_id}", "a-b", ""),
        ("/v2/images/a%20b?x=/y", "/v2/images/{image_id}", "a b", ""),
        ("/v2/%69mages/%C3%BC", "/v2/images/{image_id}", "ü", ""),
        ("/v2/cache/clean/deep", "/v2/cache/clean/deep", "", ""),
    ])
    func findsRoutes(path: String, template: String, id: String, tag: String) async throws {
        let answer = try await client.send(.get, path)
        #expect(answer.status == 200)
        #expect(
            answer.body
                == #"{"template": "\#(template)", "image_id": "\#(id == "ü" ? "\\u00fc" : id)", "tag_value": "\#(tag)"}"#
        )
    }

    @Test func fillsSeveralPlaceholders() async throws {
        let answer = try await client.send(.put, "/v2/images/i/tags/t+%2F")
        #expect(answer.body.contains(#""image_id": "i", "tag_value": "t+/""#))
    }

    @Test(arguments: [
        "/v2/", "/v2/image", "/v2/images/", "/v2/images/x/", "/v2//images", "/v2/images//tags/x", "/v2/images/x/tags",
    ])
    func answers404ForUnknownPaths(path: String) async throws {
        #expect(try await client.send(.get, path).status == 404)
    }

    @Test func answers405WithAllow() async throws {
        for method in [HTTPRequest.Method.head, .put, .delete, .init("BREW")!] {
            let answer = try await client.send(method, "/v2/images")
            #expect(answer.status == 405)
            #expect(answer.headers[.allow] == "GET, POST")
        }
        #expect(try await client.send(.put, "/v2/cache/clean").headers[.allow] == "POST")
    }

    @Test func answers501ForMadeUpMethodsOnUnknownPaths() async throws {
        #expect(try await client.send(.init("BREW")!, "/v2/nothing").status == 501)
        #expect(try await client.send(.delete, "/v2/nothing").status == 404)
    }

    @Test func refusesBodiesWhereNoneIsExpected() async throws {
        let refused = try await client.send(.get, "/v2/images/x", body: "{}")
        #expect(refused.status == 400)
        #expect(refused.body.contains("A body is not expected with this request."))
        #expect(try await client.send(.get, "/v2/images/x", body: "").status == 200)
        #expect(try await client.send(.get, "/v2/images", body: "{}").status == 200)
    }

    @Test(arguments: ["/v2/images/%FF", "/v2/images/%C3", "/v2/images/%ED%A0%80"])
    func refusesUndecodablePaths(path: String) async throws {
        #expect(try await client.send(.get, path).status == 400)
    }

    @Test(arguments: [
        ("a=1&b=2", "b", ["2"]), ("tag=x&tag=y", "tag", ["x", "y"]), ("n=a+b%2B", "n", ["a b+"]),
        ("flag", "flag", [""]),
        ("a=b=c", "a", ["b=c"]), ("&&a=1&", "a", ["1"]), ("%61=1", "a", ["1"]), ("a=%zz%4", "a", ["%zz%4"]),
    ])
    func decodesQueries(query: String, name: String, values: [String]) throws {
        let parameters = try QueryParameters(query)
        #expect(parameters.all(name) == values)
        #expect(parameters[name] == values.last)
    }

    @Test func refusesUndecodableQueries() {
        #expect(throws: APIError.self) { try QueryParameters("name=%FF") }
    }

    @Test func encodesWhatItDecodes() {
        for text in ["", "a b&c=d/é😀+%", "~._-"] {
            #expect(PercentEncoding.decode(PercentEncoding.encode(text).utf8) == text)
            #expect(
                PercentEncoding.decode(PercentEncoding.encode(text, blankIsPlus: true).utf8, plusIsBlank: true) == text)
        }
    }
}
