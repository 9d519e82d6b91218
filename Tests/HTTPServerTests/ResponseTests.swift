import AsyncHTTPClient
import Glibc
import HTTPServer
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ResponseTests {
    @Test func headSaysWhatGetWouldSend() async throws {
        let handler: TestHandler = { _, _ in
            Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "hello")))
        }
        try await TestServer.run(handler) { server in
            let client = try server.connect()
            try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.receive(through: "\r\n\r\n").contains("Content-Length: 5\r\n"))
            #expect(try await client.response().body == "hello")
        }
    }

    @Test func aSmallResponseIsOneSegment() async throws {
        let handler: TestHandler = { _, _ in
            Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "hello")))
        }
        try await TestServer.run(handler) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(String(decoding: try await client.receive(), as: UTF8.self).hasSuffix("\r\n\r\nhello"))
        }
    }

    static let stream: TestHandler = { _, _ in
        Response(
            status: .ok,
            body: ResponseBody { writer in
                for part in ["one", "", "two", "three"] { try await writer.write(ByteBuffer(string: part)) }
                try await writer.finish([.init("X-Sum")!: "11"])
            })
    }

    @Test func streamsInChunks() async throws {
        try await TestServer.run(Self.stream) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.receive(through: "\r\n\r\n").contains("Transfer-Encoding: chunked\r\n"))
            #expect(
                try await client.receive(through: "\r\n\r\n")
                    == "3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\nX-Sum: 11\r\n\r\n")
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            let old = try await client.receiveAll()
            #expect(old.hasSuffix("\r\n\r\nonetwothree"))
            #expect(!old.contains("Transfer-Encoding"))
        }
    }

    enum Break: CaseIterable { case endsEarly, throwsLate, neverFinishes, goesOn }

    @Test(arguments: Break.allCases, [nil, 100])
    func aBrokenBodyBreaksTheConnection(kind: Break, length: Int?) async throws {
        struct Failure: Error {}
        if kind == .endsEarly && length == nil { return }
        if kind == .goesOn && length == nil { return }
        let handler: TestHandler = { _, _ in
            Response(
                status: .ok,
                body: ResponseBody(contentLength: length) { writer in
                    try await writer.write(ByteBuffer(string: "start"))
                    // The head is out before things go wrong.
                    try await Task.sleep(for: .milliseconds(20))
                    switch kind {
                    case .endsEarly: try await writer.finish(nil)
                    case .throwsLate: throw Failure()
                    case .neverFinishes: return
                    case .goesOn:
                        try await writer.write(ByteBuffer(repeating: 0, count: 200))
                        try await writer.finish(nil)
                    }
                })
        }
        try await TestServer.run(handler) { server in
            let client = HTTPClient(eventLoopGroupProvider: .singleton)
            do {
                let response = try await client.execute(
                    HTTPClientRequest(url: "http://127.0.0.1:\(server.port)/"), timeout: .seconds(20))
                await #expect(throws: (any Error).self) { _ = try await response.body.collect(upTo: 1000) }
            } catch {
                // The reset came before the head was read.
            }
            try await client.shutdown()
        }
    }

    @Test func aHandlerThatThrowsIsAnInternalError() async throws {
        struct Failure: Error {}
        let handler: TestHandler = { request, _ in
            if request.uri.path == "/teapot" { throw HTTPError(.init(code: 418, reasonPhrase: "Short and stout")) }
            throw Failure()
        }
        try await TestServer.run(handler) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response().head.hasPrefix("HTTP/1.1 500 "))
            try await client.send("GET /teapot HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response().head.hasPrefix("HTTP/1.1 418 Short and stout\r\n"))
        }
    }

    @Test func aSlowReaderHoldsTheHandlerBack() async throws {
        let written = Counter(0)
        let part = ByteBuffer(repeating: 7, count: 1 << 20)
        let handler: TestHandler = { _, _ in
            Response(
                status: .ok,
                body: ResponseBody(contentLength: 64 << 20) { writer in
                    for _ in 0..<64 {
                        try await writer.write(part)
                        written.add(1)
                    }
                    try await writer.finish(nil)
                })
        }
        try await TestServer.run(handler) { server in
            let client = try RawClient(port: server.port, receiveBuffer: 65536)
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            var before = -1
            while before != written.value || before == 0 {
                before = written.value
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(written.value < 16)
            #expect(try await client.receiveAll().utf8.count > 64 << 20)
        }
    }

    // MARK: Files

    /// An open, already unlinked file with `bytes`.
    static func file(_ bytes: [UInt8]) throws -> Int32 {
        var name = Array("/tmp/http-server-test-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "mkstemp") }
        unlink(&name)
        guard bytes.isEmpty || pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
            throw IOError(errnoCode: errno, reason: "pwrite")
        }
        return descriptor
    }

    private static let bytes = (0..<6_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    @Test(arguments: [0..<0, 0..<1, 0..<6_000_001, 5..<10, 3..<4_194_308, 6_000_000..<6_000_001])
    func sendsRegionsOfFiles(region: Range<Int>) async throws {
        let original = try Self.file(Self.bytes)
        defer { close(original) }
        let handler: TestHandler = { request, _ in
            let body = ResponseBody.file(
                descriptor: dup(original), region: Int64(region.lowerBound)..<Int64(region.upperBound))
            // A mapped body has to pass through memory.
            return Response(status: .ok, body: request.uri.path == "/mapped" ? body.map { $0 } : body)
        }
        let open = Self.openDescriptors(like: original)
        try await TestServer.run(handler) { server in
            let client = HTTPClient(eventLoopGroupProvider: .singleton)
            for path in ["/", "/mapped", "/"] {
                let response = try await client.execute(
                    HTTPClientRequest(url: "http://127.0.0.1:\(server.port)\(path)"), timeout: .seconds(30))
                let body = try await response.body.collect(upTo: 8 << 20)
                let isEqual = body == ByteBuffer(bytes: Self.bytes[region])
                #expect(isEqual, "\(path)")
            }
            var head = HTTPClientRequest(url: "http://127.0.0.1:\(server.port)/")
            head.method = .HEAD
            let response = try await client.execute(head, timeout: .seconds(30))
            #expect(response.headers["Content-Length"] == ["\(region.count)"])
            try await client.shutdown()
        }
        #expect(Self.openDescriptors(like: original) == open)
    }

    @Test func theHeadGoesOutWithTheFile() async throws {
        let original = try Self.file([UInt8](repeating: UInt8(ascii: "x"), count: 20000))
        defer { close(original) }
        let handler: TestHandler = { _, _ in
            Response(status: .ok, body: .file(descriptor: dup(original), region: 0..<20000))
        }
        try await TestServer.run(handler) { server in
            let client = try server.connect()
            for _ in 0..<3 {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let first = String(decoding: try await client.receive(), as: UTF8.self)
                #expect(first.hasSuffix("\r\n\r\n" + String(repeating: "x", count: 20000)))
            }
        }
    }

    enum Loss: CaseIterable { case dropped, clientGone, truncated, head }

    /// Whatever becomes of a body, its descriptor is closed.
    @Test(arguments: Loss.allCases)
    func closesTheDescriptor(loss: Loss) async throws {
        let size = 64 << 20
        let original = try Self.file([])
        defer { close(original) }
        ftruncate(original, loss == .truncated ? 6_000_000 : size)
        let handler: TestHandler = { _, _ in
            let response = Response(status: .ok, body: .file(descriptor: dup(original), region: 0..<Int64(size)))
            return loss == .dropped ? Response(status: .noContent) : response
        }
        let open = Self.openDescriptors(like: original)
        try await TestServer.run(handler) { server in
            let client = try RawClient(port: server.port, receiveBuffer: 65536)
            try await client.send("\(loss == .head ? "HEAD" : "GET") / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.receive(through: "\r\n\r\n")
            switch loss {
            case .dropped, .head: break
            case .clientGone: client.reset()
            case .truncated: await #expect(throws: (any Error).self) { _ = try await client.receiveAll() }
            }
            while server.listener.activeRequests > 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
        #expect(Self.openDescriptors(like: original) == open)
    }

    /// Open descriptors of the same file.
    private static func openDescriptors(like original: Int32) -> Int {
        var wanted = stat()
        fstat(original, &wanted)
        return (0..<Int32(4096)).count { descriptor in
            var status = stat()
            return fstat(descriptor, &status) == 0 && status.st_ino == wanted.st_ino && status.st_dev == wanted.st_dev
        }
    }
}
