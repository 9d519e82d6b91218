import HTTPTypes
import NIOCore
import NIOHTTP1
import Testing

@testable import HTTPServer

/// The decisions of a connection, without sockets, tasks or clocks.
struct HTTPConnectionStateTests {
    /// A connection and a clock that only tests move.
    private struct Connection {
        var state: HTTPConnectionState
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

        init(_ change: (inout HTTPListenerOptions) -> Void = { _ in }) {
            var options = HTTPListenerOptions()
            options.clientSocketTimeout = 10
            change(&options)
            state = HTTPConnectionState(limits: options, now: now)
        }

        /// The parts of one read.
        mutating func reads(_ parts: HTTPServerRequestPart...) -> String {
            for part in parts { state.received(part, now: now) }
            return name(state.readCompleted(now: now))
        }

        mutating func advance() -> String { name(state.advance(now: now)) }

        mutating func readsAhead() -> String { state.readsAhead() ? "read" : "none" }

        /// Answers a request with an empty body.
        mutating func answer(_ number: Int, isDraining: Bool = false) throws -> String {
            var head = ByteBuffer()
            try state.begin(
                HTTPResponse(status: .ok, headerFields: [.contentLength: "0"]), of: number, isDraining: isDraining,
                date: "now", into: &head)
            _ = try state.end(of: number)
            let closes = String(buffer: head).contains("Connection: close")
            return name(state.exchangeEnded(number, now: now)) + (closes ? ", told" : "")
        }

        mutating func timer(queued: Int = 0, acknowledged: Int64 = 0) -> String {
            let (action, next) = state.timerFired(now: now, queued: queued) { acknowledged }
            return name(action) + (next.map { " again in \(($0 - now).nanoseconds / 1_000_000_000)" } ?? "")
        }

        mutating func body(of number: Int) -> String {
            switch state.bodyWanted(of: number, now: now) {
            case .result(let result): HTTPConnectionStateTests.name(result)
            case .wait(let sendsContinue, let reads): "wait\(sendsContinue ? " 100" : "")\(reads ? " read" : "")"
            }
        }

        private func name(_ action: HTTPConnectionState.Action) -> String {
            switch action {
            case .none: "none"
            case .read: "read"
            case .answer(let request, let hasBody, let number):
                "answer \(number) \(request.path ?? "")\(hasBody ? " body" : "")"
            case .refuse(let refusal): "refuse \(refusal.status.code)"
            case .handBody(let result): "hand \(HTTPConnectionStateTests.name(result))"
            case .finish(let closing): closing ? "finish and close" : "finish"
            case .halfClose: "half close"
            case .close: "close"
            case .abort: "abort"
            }
        }
    }

    private static func name(_ result: Result<ByteBuffer?, any Error>) -> String {
        switch result {
        case .success(let buffer?): String(buffer: buffer)
        case .success(nil): "end"
        case .failure(let error): "\(error)"
        }
    }

    private static func head(
        _ path: String = "/", _ headers: [(String, String)] = [], method: HTTPMethod = .GET,
        version: HTTPVersion = .http1_1
    ) -> HTTPServerRequestPart {
        .head(
            HTTPRequestHead(
                version: version, method: method, uri: path, headers: HTTPHeaders([("Host", "a")] + headers)))
    }

    private static func body(_ text: String) -> HTTPServerRequestPart { .body(ByteBuffer(string: text)) }

    @Test func servesOneRequestAfterTheOther() throws {
        var connection = Connection()
        #expect(connection.advance() == "read")
        #expect(connection.advance() == "none", "one read is enough")
        #expect(connection.reads(Self.head("/a"), .end(nil)) == "answer 1 /a")
        #expect(try connection.answer(1) == "read")
        #expect(connection.reads(Self.head("/b"), .end(nil)) == "answer 2 /b")
        #expect(try connection.answer(2) == "read")
    }

    @Test func answersWhatIsPipelinedInOrder() throws {
        var connection = Connection()
        _ = connection.advance()
        #expect(connection.reads(Self.head("/a"), .end(nil), Self.head("/b"), .end(nil)) == "answer 1 /a")
        #expect(connection.advance() == "none", "the second waits for the first")
        #expect(try connection.answer(1) == "answer 2 /b")
        #expect(try connection.answer(2) == "read")
    }

    @Test func readsOnceMoreWhileItAnswers() throws {
        var connection = Connection()
        _ = connection.advance()
        _ = connection.reads(Self.head("/a"), .end(nil))
        #expect(connection.readsAhead() == "read")
        #expect(connection.readsAhead() == "none", "one read is enough")
        connection.now = connection.now + .seconds(60)
        #expect(connection.timer() == "none again in 10", "it is the handler that takes its time")
        #expect(connection.reads(Self.head("/b"), .end(nil)) == "none", "the second waits for the first")
        #expect(connection.readsAhead() == "none", "what has come is enough")
        #expect(try connection.answer(1) == "answer 2 /b")
        #expect(connection.readsAhead() == "read")
        #expect(try connection.answer(2) == "none", "it is being read")
        #expect(connection.reads(Self.head("/c"), .end(nil)) == "answer 3 /c")
    }

    @Test func doesNotReadAheadOfABodyOrTheEnd() {
        var connection = Connection()
        _ = connection.advance()
        _ = connection.reads(Self.head("/", [("Content-Length", "4")], method: .PUT))
        #expect(connection.readsAhead() == "none")
        var last = Connection()
        _ = last.advance()
        _ = last.reads(Self.head("/", [("Connection", "close")]), .end(nil))
        #expect(last.readsAhead() == "none")
    }

    @Test(arguments: [
        (HTTPVersion.http1_1, "close", true), (.http1_1, "keep-alive", false), (.http1_0, "close", true),
        (.http1_0, "keep-alive", false),
    ])
    func closesWhereTheClientWantsIt(version: HTTPVersion, field: String, closes: Bool) throws {
        var connection = Connection()
        _ = connection.advance()
        _ = connection.reads(Self.head("/", [("Connection", field)], version: version), .end(nil))
        #expect(try connection.answer(1) == (closes ? "finish and close, told" : "read"))
    }

    @Test func asksForABodyThatTheClientHoldsBack() throws {
        var connection = Connection()
        _ = connection.advance()
        let head = Self.head("/", [("Content-Length", "4"), ("Expect", "100-continue")], method: .PUT)
        #expect(connection.reads(head) == "answer 1 / body")
        #expect(connection.body(of: 1) == "wait 100 read")
        #expect(connection.reads(Self.body("ab")) == "hand ab")
        #expect(connection.body(of: 1) == "wait read", "it is asked once")
        #expect(connection.reads(Self.body("cd"), .end(nil)) == "hand cd")
        #expect(connection.body(of: 1) == "end")
        #expect(try connection.answer(1) == "read")
    }

    @Test(arguments: [("5", false, "read"), ("70000", false, "finish, told"), ("5", true, "finish, told")])
    func keepsAConnectionWhoseRestIsSmall(length: String, expects: Bool, next: String) throws {
        var connection = Connection()
        _ = connection.advance()
        let fields = [("Content-Length", length)] + (expects ? [("Expect", "100-continue")] : [])
        _ = connection.reads(Self.head("/", fields, method: .PUT))
        #expect(try connection.answer(1) == next)
    }

    @Test func aBodyThatBreaksNeverEnds() {
        var connection = Connection()
        _ = connection.advance()
        _ = connection.reads(Self.head("/", [("Content-Length", "4")], method: .PUT), Self.body("a"))
        #expect(connection.body(of: 1) == "a")
        #expect(connection.body(of: 1) == "wait read")
        let action = connection.state.inputClosed(now: connection.now)
        guard case .handBody(.failure(let error)) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(error as? RequestBodyError == .incomplete)
        #expect(connection.body(of: 1) == "incomplete")
        #expect(connection.body(of: 2) == "incomplete", "there is no such request")
    }

    @Test func refusesAfterWhatWasUnderstood() throws {
        var connection = Connection()
        _ = connection.advance()
        _ = connection.reads(Self.head("/a"), .end(nil))
        _ = connection.state.inputRefused(HTTPRefusal(.syntax), now: connection.now)
        #expect(try connection.answer(1) == "refuse 400")
        #expect(!connection.state.isOpen)
    }

    @Test func aHandlerThatFailsLateBreaksTheConnection() throws {
        var connection = Connection()
        _ = connection.advance()
        _ = connection.reads(Self.head(), .end(nil))
        #expect(connection.state.handlerFailed(of: 1) == true, "nothing was sent yet")
        var head = ByteBuffer()
        try connection.state.begin(
            HTTPResponse(status: .ok), of: 1, isDraining: false, date: "now", into: &head)
        _ = try connection.state.send(1, of: 1)
        #expect(connection.state.handlerFailed(of: 2) == nil)
        #expect(connection.state.handlerFailed(of: 1) == false)
        #expect(!connection.state.isOpen)
    }

    @Test func lingersUntilTheClientCloses() throws {
        var connection = Connection()
        _ = connection.advance()
        _ = connection.reads(Self.head("/", [("Content-Length", "70000")], method: .PUT))
        #expect(try connection.answer(1) == "finish, told")
        guard case .halfClose = connection.state.outputFinished(closing: false) else {
            Issue.record("expected to shut our side")
            return
        }
        #expect(connection.advance() == "read")
        #expect(connection.reads(Self.body("rest")) == "read", "what comes is thrown away")
        guard case .close = connection.state.inputClosed(now: connection.now) else {
            Issue.record("expected to close")
            return
        }
    }

    @Test func timesOutOnlyWhileTheClientIsWaitedFor() throws {
        var connection = Connection()
        #expect(connection.state.firstTimer(now: connection.now) == connection.now + .seconds(10))
        _ = connection.advance()
        connection.now = connection.now + .seconds(6)
        _ = connection.reads(Self.head(), .end(nil))
        connection.now = connection.now + .seconds(4)
        #expect(connection.timer() == "none again in 10", "a handler is at work")
        #expect(try connection.answer(1) == "read")
        connection.now = connection.now + .seconds(10)
        #expect(connection.timer() == "close")
    }

    @Test func aHeadHasToBeWholeInTime() {
        var connection = Connection()
        _ = connection.advance()
        #expect(connection.reads() == "read", "bytes, but no head yet")
        for _ in 0..<9 {
            connection.now = connection.now + .seconds(1)
            #expect(connection.reads() == "read")
        }
        #expect(connection.timer() == "none again in 1")
        connection.now = connection.now + .seconds(1)
        #expect(connection.timer() == "refuse 408 again in 10")
    }

    @Test func tellsASlowReaderFromOneThatHasStopped() {
        var connection = Connection()
        _ = connection.advance()
        _ = connection.reads(Self.head(), .end(nil))
        connection.now = connection.now + .seconds(10)
        #expect(connection.timer(queued: 5, acknowledged: 1) == "none again in 10")
        connection.now = connection.now + .seconds(10)
        #expect(connection.timer(queued: 5, acknowledged: 1) == "abort")
    }

    @Test func aBodyThatStopsIsTold() {
        var connection = Connection()
        _ = connection.advance()
        _ = connection.reads(Self.head("/", [("Content-Length", "4")], method: .PUT))
        #expect(connection.body(of: 1) == "wait read")
        connection.now = connection.now + .seconds(10)
        #expect(connection.timer() == "hand timedOut again in 10")
    }

    @Test func drainGivesAnIdleConnectionItsTimeFromTheBegin() throws {
        var connection = Connection()
        _ = connection.advance()
        _ = connection.reads(Self.head(), .end(nil))
        _ = try connection.answer(1)
        connection.now = connection.now + .seconds(9)
        let began = connection.now
        func step(_ connection: inout Connection, unread: Bool = false) -> HTTPConnectionState.DrainStep {
            connection.state.drain(now: connection.now, began: began, idleGrace: .seconds(2)) { unread }
        }
        #expect(step(&connection) == .checkAgain(at: began + .seconds(2)))
        connection.now = began + .seconds(2)
        guard case .checkAgain = step(&connection, unread: true) else {
            Issue.record("a request is on its way")
            return
        }
        #expect(connection.reads(Self.head(), .end(nil)) == "answer 2 /")
        #expect(step(&connection) == .none, "it ends with its answer")
        #expect(try connection.answer(2, isDraining: true) == "finish and close, told")
    }

    @Test func drainEndsWhoBringsNothing() {
        var connection = Connection()
        _ = connection.advance()
        let step = connection.state.drain(now: connection.now, began: connection.now, idleGrace: .zero) { false }
        #expect(step == .finish)
        #expect(!connection.state.isOpen)
    }

    @Test func cutsWhatRunsAndClosesWhatIsIdle() {
        var idle = Connection()
        _ = idle.advance()
        guard case .close = idle.state.cut() else {
            Issue.record("an idle connection is closed in order")
            return
        }
        var busy = Connection()
        _ = busy.advance()
        _ = busy.reads(Self.head(), .end(nil))
        guard case .abort = busy.state.cut() else {
            Issue.record("an answer that is not whole must not look so")
            return
        }
    }
}
