import HTTPServer
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RequestBodyTests {
    enum Outcome: Sendable, Equatable {
        case complete(Int)
        case failed(RequestBodyError?)
    }

    /// Reads the whole body and tells how that ended.
    static func reader(_ outcome: Awaited<Outcome>) -> TestHandler {
        { request, _ in
            var size = 0
            do {
                for try await part in request.body { size += part.readableBytes }
                outcome.set(.complete(size))
            } catch {
                outcome.set(.failed(error as? RequestBodyError))
                throw error
            }
            return Response(status: .noContent)
        }
    }

    @Test(
        arguments: [
            ("Content-Length: 10\r\n\r\n12345", RequestBodyError.incomplete),
            ("Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", .incomplete),
            ("Transfer-Encoding: chunked\r\n\r\n5\r\n123", .incomplete),
            ("Transfer-Encoding: chunked\r\n\r\n0\r\n", .incomplete),
            ("Transfer-Encoding: chunked\r\n\r\nzz\r\n", .malformed),
            ("Transfer-Encoding: chunked\r\n\r\n3\r\nabcdefg", .malformed),
            ("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", .malformed),
        ], [false, true])
    func aBrokenBodyNeverLooksComplete(_ request: (String, RequestBodyError), resets: Bool) async throws {
        let outcome = Awaited<Outcome>()
        try await TestServer.run(Self.reader(outcome)) { server in
            let client = try server.connect()
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\n" + request.0)
            if request.1 == .incomplete {
                if resets { client.reset() } else { client.shutdownOutput() }
                #expect(try await outcome.value == .failed(.incomplete))
            } else {
                #expect(try await outcome.value == .failed(.malformed))
                #expect(try await client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            }
        }
    }

    @Test func sendsContinueWhenTheHandlerReads() async throws {
        let mayRead = Awaited<Void>()
        let outcome = Awaited<Outcome>()
        let handler: TestHandler = { request, context in
            try await mayRead.value
            return try await Self.reader(outcome)(request, context)
        }
        try await TestServer.run(handler) { server in
            let client = try server.connect()
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            while server.listener.activeRequests == 0 { await Task.yield() }
            mayRead.set(())
            #expect(try await client.receive(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("abc")
            #expect(try await outcome.value == .complete(3))
            let answer = try await client.response()
            #expect(answer.head.hasPrefix("HTTP/1.1 204 No Content\r\n"))
            #expect(!answer.head.contains("Content-Length"))
            #expect(!answer.head.contains("Connection"))
        }
    }

    @Test func doesNotSendContinueWhenTheHandlerRefuses() async throws {
        let handler: TestHandler = { _, _ in Response(status: .forbidden) }
        try await TestServer.run(handler) { server in
            let client = try server.connect()
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            let answer = try await client.response()
            #expect(answer.head.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
            #expect(answer.head.contains("Connection: close"))
        }
    }

    @Test func skipsASmallUnreadBody() async throws {
        let handler: TestHandler = { request, _ in Response(status: request.method == .get ? .ok : .conflict) }
        try await TestServer.run(handler) { server in
            let client = try server.connect()
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n")
            #expect(try await client.response().head.hasPrefix("HTTP/1.1 409 Conflict\r\n"))
            try await client.send(String(repeating: "x", count: 30000) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response().head.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test func closesAfterABigUnreadBodyButDeliversTheAnswer() async throws {
        let handler: TestHandler = { _, _ in Response(status: .contentTooLarge) }
        try await TestServer.run(handler) { server in
            let client = try server.connect()
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n")
            // A client that only looks for an answer when all is sent; the server throws it away meanwhile.
            try await client.send([UInt8](repeating: 7, count: 4_000_000))
            let answer = try await client.receive(through: "\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.contains("Connection: close"))
            client.shutdownOutput()
            #expect(try await client.receiveAll().isEmpty)
        }
    }

    @Test func readsOnlyAsFastAsTheHandler() async throws {
        let total = 64 << 20
        let firstPart = Awaited<Void>()
        let goOn = Awaited<Void>()
        let outcome = Awaited<Outcome>()
        let handler: TestHandler = { request, _ in
            var size = 0
            for try await part in request.body {
                if size == 0 {
                    firstPart.set(())
                    try await goOn.value
                }
                size += part.readableBytes
            }
            outcome.set(.complete(size))
            return Response(status: .ok)
        }
        try await TestServer.run(handler) { server in
            let client = try server.connect()
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(total)\r\n\r\n")
            let sent = Counter(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let block = [UInt8](repeating: 1, count: 1 << 20)
                    for _ in 0..<(total >> 20) {
                        try await client.send(block)
                        sent.add(block.count)
                    }
                }
                try await firstPart.value
                // Once the sender is stuck, only the kernel's buffers can have taken something.
                var before = -1
                while before != sent.value {
                    before = sent.value
                    try await Task.sleep(for: .milliseconds(200))
                }
                #expect(sent.value < 32 << 20)
                goOn.set(())
                #expect(try await outcome.value == .complete(total))
                try await group.waitForAll()
            }
            #expect(try await client.response().head.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test(arguments: [false, true])
    func readingAfterTheConnectionIsGoneFails(onAnotherThread: Bool) async throws {
        let outcome = Awaited<Outcome>()
        let isGone = Awaited<Void>()
        let handler: TestHandler = { request, context in
            let read: @Sendable () async throws -> Response = {
                try await isGone.value
                return try await Self.reader(outcome)(request, context)
            }
            return onAnotherThread ? try await Task.detached(operation: read).value : try await read()
        }
        try await TestServer.run(handler) { server in
            let client = try server.connect()
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\nstart")
            while server.listener.activeRequests == 0 { await Task.yield() }
            client.reset()
            while server.listener.activeConnections > 0 { try await Task.sleep(for: .milliseconds(5)) }
            isGone.set(())
            #expect(try await outcome.value == .failed(.incomplete))
        }
    }

    @Test func aCancelledHandlerStopsReading() async throws {
        let outcome = Awaited<Bool>()
        let handler: TestHandler = { request, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    do {
                        for try await _ in request.body {}
                    } catch is CancellationError {
                        outcome.set(true)
                    }
                }
                group.cancelAll()
                try await group.waitForAll()
            }
            return Response(status: .internalServerError)
        }
        try await TestServer.run(handler) { server in
            let client = try server.connect()
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n")
            #expect(try await outcome.value)
            #expect(try await client.response().head.contains("Connection: close"))
        }
    }
}
