import Hummingbird
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HTTPServer

/// Answers that are ready at the same time go out together, after what has to happen before.
@Suite struct LoopTurnTests {
    /// What handlers leave to be written, and what was written.
    private final class Notes: Sendable {
        struct State {
            var waiting: Set<String> = []
            var written: [Set<String>] = []
        }

        let state = Mutex(State())

        func add(_ note: String) { state.withLock { _ = $0.waiting.insert(note) } }

        @Sendable func write() {
            state.withLock { state in
                if !state.waiting.isEmpty { state.written.append(state.waiting) }
                state.waiting = []
            }
        }

        var written: [Set<String>] { state.withLock { $0.written } }

        func wasWritten(_ note: String) -> Bool { written.contains { $0.contains(note) } }
    }

    /// Lets all requests go on at once.
    private final class Gate: Sendable {
        private let waiting = Mutex<[CheckedContinuation<Void, Never>]>([])

        var count: Int { waiting.withLock { $0.count } }

        func wait() async { await withCheckedContinuation { next in waiting.withLock { $0.append(next) } } }

        func open() {
            for continuation in waiting.withLock({ $0 }) { continuation.resume() }
            waiting.withLock { $0 = [] }
        }
    }

    @Test func manyAnswersAreOneTurns() async throws {
        let (notes, gate) = (Notes(), Gate())
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        try await TestServer.run(eventLoopGroup: loop, beforeAnswers: notes.write) { request, _ in
            await gate.wait()
            notes.add(request.uri.path)
            return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: request.uri.path)))
        } _: { server in
            let clients = try (0..<16).map { _ in try server.connect() }
            for (number, client) in clients.enumerated() {
                try await client.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
            }
            while gate.count < clients.count { await Task.yield() }
            try await loop.next().submit { gate.open() }.get()
            for (number, client) in clients.enumerated() {
                #expect(try await client.response().body == "/\(number)")
                #expect(notes.wasWritten("/\(number)"))
            }
            #expect(notes.written.count == 1)
        }
        try await loop.shutdownGracefully()
    }

    /// Whatever else goes out on a connection, and however the connection ends, it is written first.
    @Test(arguments: [
        // The next request waits for its body, for which the client is told to go on.
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPUT /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n",
        "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET /1 HTTP/1.0\r\n\r\n",
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n", "HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\n",
    ]) func whoHasTheAnswerFindsTheNote(request: String) async throws {
        let notes = Notes()
        try await TestServer.run(beforeAnswers: notes.write) { request, _ in
            for try await _ in request.body {}
            notes.add(request.uri.path)
            return Response(
                status: .ok, headers: [.contentLength: "2"], body: ResponseBody(byteBuffer: ByteBuffer(string: "ok")))
        } _: { server in
            let client = try server.connect()
            try await client.send(request)
            _ = try await client.receive(through: request.hasPrefix("HEAD") ? "\r\n\r\n" : "\r\n\r\nok")
            #expect(notes.wasWritten("/1"))
        }
    }

    @Test func theAnswerIsWholeWhenTheClientHasEnded() async throws {
        let whole: TestHandler = { _, _ in
            Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "whole")))
        }
        try await TestServer.run(whole) { server in
            for _ in 0..<50 {
                let client = try server.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                client.shutdownOutput()
                #expect(try await client.receiveAll().hasSuffix("\r\n\r\nwhole"))
            }
        }
    }

    /// A request whose answer nobody gets any more.
    @Test func theNoteIsWrittenWithoutAnAnswer() async throws {
        let (notes, gate) = (Notes(), Gate())
        try await TestServer.run(beforeAnswers: notes.write) { request, _ in
            await gate.wait()
            notes.add(request.uri.path)
            return Response(status: .ok)
        } _: { server in
            let client = try server.connect()
            try await client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
            while gate.count == 0 { await Task.yield() }
            client.reset()
            while server.listener.activeConnections > 0 { await Task.yield() }
            gate.open()
            while !notes.wasWritten("/1") { await Task.yield() }
        }
    }
}
