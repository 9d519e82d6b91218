import HTTPServer
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RequestTests {
    /// Answers with what it understood: method, target, bytes of the body.
    static let report: TestHandler = { request, _ in
        var size = 0
        for try await part in request.body { size += part.readableBytes }
        return Response(
            status: .ok,
            body: ResponseBody(byteBuffer: ByteBuffer(string: "\(request.method) \(request.head.path ?? "") \(size)")))
    }

    @Test func servesManyRequestsOnOneConnection() async throws {
        try await TestServer.run(Self.report) { server in
            let client = try server.connect()
            for number in 1...3 {
                try await client.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = try await client.response()
                #expect(answer.head.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(answer.head.contains("Date: "))
                #expect(!answer.head.contains("Connection"))
                #expect(answer.body == "GET /\(number) 0")
            }
        }
    }

    @Test func answersPipelinedRequestsInOrder() async throws {
        try await TestServer.run(Self.report) { server in
            let client = try server.connect()
            let post = "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
            let chunked = "PUT /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            try await client.send(post + chunked + "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try await client.response().body == "POST /1 5")
            #expect(try await client.response().body == "PUT /2 3")
            let last = try await client.response()
            #expect(last.body == "GET /3 0")
            #expect(last.head.contains("Connection: close\r\n"))
            #expect(try await client.receiveAll().isEmpty)
        }
    }

    @Test func understandsBytesOneByOne() async throws {
        try await TestServer.run(Self.report) { server in
            let client = try server.connect()
            for byte
                in "PUT http://a/x?y HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
                .utf8
            {
                try await client.send([byte])
            }
            #expect(try await client.response().body == "PUT /x?y 3")
        }
    }

    @Test(arguments: [
        ("HTTP/1.1", "", false), ("HTTP/1.1", "Connection: close\r\n", true),
        ("HTTP/1.0", "", true), ("HTTP/1.0", "Connection: keep-alive\r\n", false),
    ])
    func honoursConnection(version: String, field: String, closes: Bool) async throws {
        try await TestServer.run(Self.report) { server in
            let client = try server.connect()
            try await client.send("GET / \(version)\r\nHost: a\r\n\(field)\r\n")
            let answer = try await client.response()
            #expect(answer.body == "GET / 0")
            #expect(answer.head.contains("Connection: close") == closes)
            if closes {
                #expect(try await client.receiveAll().isEmpty)
            } else {
                try await client.send("GET /again HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response().body == "GET /again 0")
            }
        }
    }

    @Test func keepAliveCanBeSwitchedOff() async throws {
        var options = HTTPListenerOptions()
        options.keepAlive = false
        try await TestServer.run(options: options, Self.report) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.receiveAll().contains("Connection: close\r\n"))
        }
    }

    @Test func answersAfterTheClientShutItsSide() async throws {
        try await TestServer.run(Self.report) { server in
            let client = try server.connect()
            try await client.send("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
            client.shutdownOutput()
            #expect(try await client.receiveAll().hasSuffix("PUT /x 2"))
        }
    }

    /// White space around a value is none of it (RFC 9110 section 5.5).
    @Test(arguments: ["Content-Length: 3", "Content-Length:3  ", "X: \t \r\nContent-Length: 3 "])
    func blanksAroundValuesAreNoPartOfThem(field: String) async throws {
        try await TestServer.run(Self.reportBlanks) { server in
            let client = try server.connect()
            try await client.send("PUT / HTTP/1.1\r\nHost: a \r\nX-Auth-Token: \t t k \t\r\n\(field)\r\n\r\nabc")
            #expect(try await client.response().body == "a|t k|3")
        }
    }

    private static let reportBlanks: TestHandler = { request, _ in
        var size = 0
        for try await part in request.body { size += part.readableBytes }
        let token = HTTPField.Name("X-Auth-Token").flatMap { request.headers[$0] }
        return Response(
            status: .ok,
            body: ResponseBody(
                byteBuffer: ByteBuffer(string: "\(request.head.authority ?? "")|\(token ?? "")|\(size)")))
    }

    @Test(arguments: [
        ("nonsense\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n", 400),
        ("GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("PUT / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\n\r\n", 417),
        ("INVENTED / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("GET /" + String(repeating: "x", count: 9000) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        ("GET /" + String(repeating: "x", count: 90000), 414),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 17000) + "\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: 0123456789abcdef\r\n", count: 300) + "\r\n", 431),
    ])
    func refusesWhatIsNoRequest(text: String, status: Int) async throws {
        try await TestServer.run(Self.report) { server in
            let client = try server.connect()
            try await client.send(text)
            let answer = try await client.receive(through: "\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            #expect(answer.contains("Connection: close\r\n"))
            client.shutdownOutput()
            #expect(try await client.receiveAll().hasSuffix("\n"), "each says why")
        }
    }

    /// What was refused by the decoder, and what after it.
    @Test(arguments: [
        "GET /v2/images?name=\u{fc} HTTP/1.1\r\nHost: a\r\nACCEPT: application/json \r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\nExpect: a-miracle\r\n\r\n",
    ])
    func letsTheRefusalBeRendered(text: String) async throws {
        let render: RefusalRenderer = { ("text/x", "\($0.status.code) \($0.accept ?? "-") \($0.reason)") }
        try await TestServer.run(renderRefusal: render, Self.report) { server in
            let client = try server.connect()
            try await client.send(text)
            let (head, body) = try await client.response()
            #expect(head.contains("Content-Type: text/x\r\n"))
            #expect(body.contains(" application/json "), "\(body)")
        }
    }

    @Test func aRefusedHeadRequestHasNoBody() async throws {
        try await TestServer.run(Self.report) { server in
            let client = try server.connect()
            try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\n\r\n")
            client.shutdownOutput()
            #expect(try await client.receiveAll().hasSuffix("\r\n\r\n"))
        }
    }

    /// Bytes that no client would send; the server must answer 4xx or close, and go on.
    @Test func survivesGarbage() async throws {
        try await TestServer.run(Self.report) { server in
            var random = SplitMix(state: 4711)
            let pieces = [
                "GET / HTTP/1.1\r\n", "Host: a\r\n", "\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 3\r\n",
                "5\r\n",
                "\n", "\0", "ffffffffffffffff\r\n", "HTTP/1.1 200 OK\r\n", "Expect: 100-continue\r\n", "Upgrade: x\r\n",
                "Connection: upgrade\r\n", ": \r\n", "\u{fffd}", "0\r\n", "X: y\r\n", "PUT * HTTP/1.0\r\n",
            ]
            for _ in 0..<300 {
                let client = try server.connect()
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    guard let piece = pieces.randomElement(using: &random) else { continue }
                    do { try await client.send(piece) } catch { break }
                }
                client.shutdownOutput()
                _ = try? await client.receiveAll()
            }
            let client = try server.connect()
            try await client.send("GET /alive HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response().body == "GET /alive 0")
        }
    }
}

/// Repeatable random numbers.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
