import AsyncHTTPClient
import Glibc
import HTTPServer
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LifetimeTests {
    static let hello: TestHandler = { _, _ in
        Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "hello")))
    }

    @Test func drainEndsIdleConnectionsAndWaitsForRunningOnes() async throws {
        let mayAnswer = Awaited<Void>()
        let handler: TestHandler = { request, context in
            if request.uri.path == "/slow" { try await mayAnswer.value }
            return try await Self.hello(request, context)
        }
        try await TestServer.run(handler) { server in
            let idle = try server.connect()
            try await idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await idle.response().body == "hello")
            let busy = try server.connect()
            try await busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            while server.listener.activeRequests == 0 { await Task.yield() }
            #expect(server.listener.activeConnections == 2)

            async let drained: Void = server.listener.drain(DrainLimits(timeout: .seconds(30)))
            #expect(try await idle.receiveAll().isEmpty)
            #expect(throws: (any Error).self) {
                let late = try server.connect()
                late.close()
            }
            mayAnswer.set(())
            let answer = try await busy.response()
            #expect(answer.body == "hello")
            #expect(answer.head.contains("Connection: close\r\n"))
            #expect(try await busy.receiveAll().isEmpty)
            await drained
            #expect(server.listener.activeConnections == 0)
        }
    }

    /// A client may have sent its next request already, or be about to.
    @Test func drainAnswersOneMoreRequestOfAConnectionInUse() async throws {
        try await TestServer.run(Self.hello) { server in
            let used = try server.connect()
            try await used.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await used.response().body == "hello")
            let fresh = try server.connect()
            while server.listener.activeConnections < 2 { await Task.yield() }

            async let drained: Void = server.listener.drain(
                DrainLimits(timeout: .seconds(30), idleGrace: .seconds(20)))
            #expect(throws: (any Error).self) {
                while true { try server.connect().close() }
            }
            for client in [used, fresh] {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = try await client.response()
                #expect(answer.body == "hello")
                #expect(answer.head.contains("Connection: close\r\n"))
                #expect(try await client.receiveAll().isEmpty)
            }
            await drained
        }
    }

    /// However long it has been idle: a client that has it in its pool may use it at the moment when the drain begins.
    @Test func drainAnswersConnectionsThatWereIdleForLong() async throws {
        try await TestServer.run(Self.hello) { server in
            let idleGrace = Duration.milliseconds(700)
            let (used, silent) = (try server.connect(), try server.connect())
            for client in [used, silent] {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response().body == "hello")
            }
            // Longer idle than the grace is long.
            let idle = ContinuousClock.now + idleGrace + .milliseconds(100)
            while ContinuousClock.now < idle { try await Task.sleep(for: .milliseconds(20)) }
            let start = ContinuousClock.now
            async let drained: Void = server.listener.drain(DrainLimits(timeout: .seconds(30), idleGrace: idleGrace))
            #expect(throws: (any Error).self) {
                while true { try server.connect().close() }
            }
            try await used.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await used.response().head.contains("Connection: close\r\n"))
            #expect(try await used.receiveAll().isEmpty)
            #expect(try await silent.receiveAll().isEmpty)
            #expect(ContinuousClock.now - start >= idleGrace)
            await drained
        }
    }

    /// Further clients wait in the kernel's queue, and come in when a place is free.
    @Test func acceptsNoMoreThanTheLimit() async throws {
        var options = HTTPListenerOptions()
        options.maxConnections = 2
        try await TestServer.run(options: options, Self.hello) { server in
            var clients: [RawClient] = []
            for _ in 0..<2 {
                let client = try server.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response().body == "hello")
                clients.append(client)
            }
            let waiting = try server.connect()
            try await waiting.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            // The places that are taken go on meanwhile.
            for client in clients {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response().body == "hello")
            }
            #expect(server.listener.activeConnections == 2)
            clients[0].close()
            #expect(try await waiting.response().body == "hello")
            #expect(server.listener.activeConnections == 2)
        }
    }

    @Test(arguments: [(1024, 480), (131_072, 65_504), (20, 8)])
    func theDefaultLimitLeavesDescriptorsForFiles(descriptors: Int, connections: Int) {
        #expect(HTTPListenerOptions.connections(withDescriptors: descriptors) == connections)
    }

    /// The head said that the connection goes on, so it does.
    @Test func drainKeepsWhatAnAnswerHasPromised() async throws {
        let mayEnd = Awaited<Void>()
        let handler: TestHandler = { request, context in
            guard request.uri.path == "/slow" else { return try await Self.hello(request, context) }
            return Response(
                status: .ok,
                body: ResponseBody(contentLength: 2) { writer in
                    try await writer.write(ByteBuffer(string: "a"))
                    try await mayEnd.value
                    try await writer.write(ByteBuffer(string: "b"))
                    try await writer.finish(nil)
                })
        }
        try await TestServer.run(handler) { server in
            let client = try server.connect()
            try await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            let head = try await client.receive(through: "\r\n\r\na")
            #expect(!head.contains("Connection: close"))
            async let drained: Void = server.listener.drain(
                DrainLimits(timeout: .seconds(30), idleGrace: .seconds(20)))
            #expect(throws: (any Error).self) {
                while true { try server.connect().close() }
            }
            mayEnd.set(())
            _ = try await client.receive(through: "b")
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response().head.contains("Connection: close\r\n"))
            await drained
        }
    }

    @Test func drainLeavesTheSocketToOtherProcesses() async throws {
        let (socket, port) = try listeningSocket()
        defer { close(socket) }
        let listener = HTTPListener(
            socket: dup(socket), options: HTTPListenerOptions(), responder: CallbackResponder(callback: Self.hello),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: .init(label: "test"))
        async let served: Void = listener.run()
        let client = try RawClient(port: port)
        try await client.send("GET / HTTP/1.0\r\n\r\n")
        #expect(try await client.receiveAll().hasSuffix("hello"))
        await listener.drain(DrainLimits(timeout: .seconds(10)))
        try await served
        // The kernel still queues connections for whoever holds the socket.
        _ = try RawClient(port: port)
    }

    @Test func drainCutsWhatIsLeftAtItsDeadline() async throws {
        let cancelled = Awaited<Bool>()
        let handler: TestHandler = { _, _ in
            do {
                try await Task.sleep(for: .seconds(1000))
            } catch {
                cancelled.set(Task.isCancelled)
            }
            return Response(status: .ok)
        }
        try await TestServer.run(handler) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            while server.listener.activeRequests == 0 { await Task.yield() }
            await server.listener.drain(DrainLimits(timeout: .milliseconds(50)))
            #expect(try await cancelled.value)
            await #expect(throws: (any Error).self) { _ = try await client.receive(through: "\r\n") }
        }
    }

    @Test func closesConnectionsThatStayIdle() async throws {
        var options = HTTPListenerOptions()
        options.clientSocketTimeout = 1
        try await TestServer.run(options: options, Self.hello) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.response()
            #expect(try await client.receiveAll().isEmpty)
            let silent = try server.connect()
            #expect(try await silent.receiveAll().isEmpty)
            let halfHead = try server.connect()
            try await halfHead.send("GET / HT")
            #expect(try await halfHead.receiveAll().hasPrefix("HTTP/1.1 408 "))
        }
    }

    /// One byte after the other, none of them late.
    @Test(arguments: [false, true])
    func refusesAHeadThatTrickles(afterARequest: Bool) async throws {
        var options = HTTPListenerOptions()
        options.clientSocketTimeout = 2
        try await TestServer.run(options: options, Self.hello) { server in
            let client = try server.connect()
            if afterARequest {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await client.response()
                // Idle time before the first byte is not the head's.
                try await Task.sleep(for: .seconds(1.5))
            }
            let start = ContinuousClock.now
            let trickle = Task {
                try await client.send("GET / HTTP/1.1\r\nX: ")
                while true {
                    try await Task.sleep(for: .milliseconds(100))
                    try await client.send("x")
                }
            }
            #expect(try await client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 408 "))
            trickle.cancel()
            #expect((1.8..<20).contains((ContinuousClock.now - start) / .seconds(1)))
            client.close()
            while server.listener.activeConnections > 0 { try await Task.sleep(for: .milliseconds(20)) }
        }
    }

    /// The rest of a body that nobody has read begins no head.
    @Test func anIdleConnectionIsClosedWithoutAWord() async throws {
        var options = HTTPListenerOptions()
        options.clientSocketTimeout = 1
        try await TestServer.run(options: options, Self.hello) { server in
            let client = try server.connect()
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n")
            #expect(try await client.response().body == "hello")
            try await client.send("rest")
            #expect(try await client.receiveAll().isEmpty)
        }
    }

    /// Slower than one read, but in time.
    @Test func answersAHeadInPieces() async throws {
        var options = HTTPListenerOptions()
        options.clientSocketTimeout = 3
        try await TestServer.run(options: options, Self.hello) { server in
            let client = try server.connect()
            for _ in 0..<2 {
                for piece in ["GET / HT", "TP/1.1\r\nHo", "st: a\r\n\r", "\n"] {
                    try await client.send(piece)
                    try await Task.sleep(for: .milliseconds(500))
                }
                #expect(try await client.response().body == "hello")
            }
            // The time of heads that were whole is not counted any more.
            try await Task.sleep(for: .seconds(1))
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response().body == "hello")
        }
    }

    /// A worker that was told to finish does not live on for it.
    @Test func drainDoesNotWaitForAHeadThatTrickles() async throws {
        try await TestServer.run(Self.hello) { server in
            let client = try server.connect()
            try await client.send("GET / HT")
            while server.listener.activeConnections == 0 { await Task.yield() }
            let trickle = Task {
                while true {
                    try await client.send("x")
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
            let start = ContinuousClock.now
            await server.listener.drain(DrainLimits(timeout: .seconds(30), idleGrace: .seconds(1)))
            trickle.cancel()
            #expect(ContinuousClock.now - start < .seconds(10))
        }
    }

    @Test func answersAnUploadThatStops() async throws {
        var options = HTTPListenerOptions()
        options.clientSocketTimeout = 1
        let handler: TestHandler = { request, _ in
            for try await _ in request.body {}
            return Response(status: .ok)
        }
        try await TestServer.run(options: options, handler) { server in
            let client = try server.connect()
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nxyz")
            #expect(try await client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 408 "))
        }
    }

    /// Slower than the timeout in all, but never still for so long.
    @Test func doesNotCutASlowTransfer() async throws {
        var options = HTTPListenerOptions()
        options.clientSocketTimeout = 4
        let handler: TestHandler = { request, _ in
            var size = 0
            for try await part in request.body { size += part.readableBytes }
            return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "\(size)")))
        }
        try await TestServer.run(options: options, handler) { server in
            let client = try server.connect()
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n")
            for _ in 0..<6 {
                try await Task.sleep(for: .seconds(1))
                try await client.send("x")
            }
            #expect(try await client.response().body == "6")
        }
    }

    @Test(arguments: [true, false])
    func cutsAReaderOnlyIfItStops(stops: Bool) async throws {
        var options = HTTPListenerOptions()
        options.clientSocketTimeout = stops ? 1 : 3
        let size = 32 << 20
        let file = try ResponseTests.file([])
        defer { close(file) }
        ftruncate(file, size)
        let handler: TestHandler = { _, _ in
            Response(status: .ok, body: .file(descriptor: dup(file), region: 0..<Int64(size)))
        }
        try await TestServer.run(options: options, handler) { server in
            let client = try RawClient(port: server.port, receiveBuffer: 65536)
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            if stops {
                while server.listener.activeConnections == 0 { await Task.yield() }
                while server.listener.activeConnections > 0 { try await Task.sleep(for: .milliseconds(50)) }
                await #expect(throws: (any Error).self) { _ = try await client.receiveAll() }
            } else {
                var received = 0
                for _ in 0..<30 {
                    received += try await client.receive(20000).count
                    try await Task.sleep(for: .milliseconds(150))
                }
                received += try await client.receiveAll().utf8.count
                #expect(received > size)
            }
        }
    }

    @Test func handlersRunOnTheConnectionsEventLoop() async throws {
        let handler: TestHandler = { _, _ in
            let before = MultiThreadedEventLoopGroup.currentEventLoop != nil
            await Task.yield()
            let after = MultiThreadedEventLoopGroup.currentEventLoop != nil
            return Response(status: before && after ? .ok : .internalServerError)
        }
        try await TestServer.run(handler) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            #expect(try await client.receiveAll().hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func aHandlerMayReadAndWriteOnOtherThreads() async throws {
        let handler: TestHandler = { request, _ in
            let size = try await Task.detached {
                var size = 0
                for try await part in request.body { size += part.readableBytes }
                return size
            }.value
            return Response(
                status: .ok,
                body: ResponseBody { writer in
                    let original = writer
                    try await withTaskExecutorPreference(globalConcurrentExecutor) {
                        var writer = original
                        try await writer.write(ByteBuffer(string: "\(size)"))
                        try await writer.finish(nil)
                    }
                })
        }
        try await TestServer.run(handler) { server in
            var request = HTTPClientRequest(url: "http://127.0.0.1:\(server.port)/")
            request.method = .PUT
            request.body = .bytes(ByteBuffer(repeating: 1, count: 3_000_000))
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
            #expect(String(buffer: try await response.body.collect(upTo: 100)) == "3000000")
        }
    }

    @Test func manyConnectionsAtOnce() async throws {
        try await TestServer.run(Self.hello) { server in
            let clients = try (0..<200).map { _ in try server.connect() }
            for client in clients { try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
            for client in clients { #expect(try await client.response().body == "hello") }
            #expect(server.listener.activeConnections == 200)
        }
    }
}
