import HTTPTypes
import NIOCore
import NIOHTTP1

/// What one connection does next, as a value: it is told what has happened and answers with the one thing that is to be
/// done. It knows no socket and no clock, so keep-alive, pipelining, bodies, time-outs and drain are tested without any.
///
/// A connection is `open` until its last response is on its way, then `lingering` until the client has read it, then
/// `closed`. While it is open it answers one request after the other. The socket is only read when somebody wants what it
/// holds: the next request while there is none, or the next part of a body.
struct HTTPConnectionState {
    /// What is to be done now. Each event has at most one such outcome, so that nothing is allocated for it.
    enum Action {
        case none
        /// Read the socket once.
        case read
        /// Have this request answered; its task speaks of it by `number`.
        case answer(HTTPRequest, hasBody: Bool, number: Int)
        /// Say why there is no answer, then finish the output as in `finish(closing: false)`.
        case refuse(HTTPRefusal)
        /// Hand this to the handler that waits for a part of the body; `nil` is the end of the body.
        case handBody(Result<ByteBuffer?, any Error>)
        /// Send what is queued and then report ``outputFinished(closing:)``.
        case finish(closing: Bool)
        /// Shut our side, close after a while whatever the client does, and meanwhile throw away what it still sends.
        case halfClose
        case close
        /// Break the connection, so that the client can't take a part of a response for all of it.
        case abort
    }

    /// What can be said at once to a handler that wants the next part of a body.
    enum BodyAnswer {
        case result(Result<ByteBuffer?, any Error>)
        /// It has to wait for the client. Perhaps the client has to be asked first (100), and perhaps the socket is to be read.
        case wait(sendsContinue: Bool, reads: Bool)
    }

    /// What the drain does with a connection that might be idle.
    enum DrainStep: Equatable {
        /// It ends by itself when its answer is out, or is ending.
        case none
        case checkAgain(at: NIODeadline)
        /// Its time is over.
        case finish
    }

    private enum Phase {
        case open
        /// The last response is on its way; what arrives is thrown away until the client closes too.
        case lingering
        case closed
    }

    /// Why no further part of a request will come.
    private enum InputEnd {
        /// The client has shut its side, or a body is broken.
        case body(RequestBodyError)
        case refused(HTTPRefusal)

        var bodyError: RequestBodyError {
            switch self {
            case .body(let error): error
            case .refused: .malformed
            }
        }
    }

    /// A request and how far its answer is.
    private struct Exchange {
        let number: Int
        let isHead: Bool
        let version10: Bool
        var keepAlive: Bool
        /// Whether the client waits for 100 before it sends the body.
        var expectsContinue: Bool
        /// Bytes of the request body that no handler has taken; `nil` if the client didn't say.
        var bodyLeft: Int64?
        var bodyIsComplete: Bool
        var response = ResponseState.none
    }

    private enum ResponseState {
        case none
        /// Encoded but not written, so that it goes out together with the start of the body.
        case head(ResponseFraming)
        case body(ResponseFraming)
        case ended
    }

    /// Bytes of an unread body that are worth reading in order to keep the connection.
    private static let worthReading: Int64 = 64 << 10
    /// How soon a connection whose drain is over but that holds unread input is looked at again.
    private static let unreadPause: TimeAmount = .milliseconds(10)

    private let limits: HTTPListenerOptions
    private var phase = Phase.open
    /// What was decoded and nobody has asked for yet: at most what one read of the socket brought.
    private var parts = CircularBuffer<HTTPServerRequestPart>()
    private var inputEnd: InputEnd?
    /// Whether the client has shut its side.
    private var isInputClosed = false
    /// Whether we wait for the client to send something.
    private var isReading = false
    /// The request that is being answered.
    private var exchange: Exchange?
    private var exchangeCount = 0
    /// Whether a handler waits for a part of the body.
    private var isBodyAwaited = false
    private var isOutputFinished = false
    private var lastProgress: NIODeadline
    /// When the first bytes of a request came, while its head is not whole.
    private var headBegan: NIODeadline?
    private var acknowledged: Int64 = -1

    init(limits: HTTPListenerOptions, now: NIODeadline) {
        self.limits = limits
        lastProgress = now
    }

    var isOpen: Bool {
        if case .open = phase { true } else { false }
    }

    /// Number of the request that is being answered.
    var currentExchange: Int? { exchange?.number }

    // MARK: What the client does

    /// A part was decoded. It is looked at when the whole read is there (``readCompleted(now:)``).
    mutating func received(_ part: HTTPServerRequestPart, now: NIODeadline) {
        guard isOpen else { return }
        lastProgress = now
        parts.append(part)
    }

    mutating func readCompleted(now: NIODeadline) -> Action {
        isReading = false
        if headBegan == nil, exchange == nil { headBegan = now }
        return advance(now: now)
    }

    /// The client has shut its side.
    mutating func inputClosed(now: NIODeadline) -> Action {
        inputEnd = inputEnd ?? .body(.incomplete)
        isInputClosed = true
        isReading = false
        return advance(now: now)
    }

    /// The message that is being decoded ends before its end.
    mutating func inputBroke(now: NIODeadline) -> Action {
        inputEnd = inputEnd ?? .body(.incomplete)
        return advance(now: now)
    }

    /// What arrives is no request that we understand.
    mutating func inputRefused(_ refusal: HTTPRefusal, now: NIODeadline) -> Action {
        inputEnd = inputEnd ?? .refused(refusal)
        return advance(now: now)
    }

    /// The connection is gone. A handler that waits for the body is to be told ``RequestBodyError/incomplete``.
    mutating func closed() {
        phase = .closed
        parts.removeAll()
        inputEnd = inputEnd ?? .body(.incomplete)
        isBodyAwaited = false
    }

    /// The client took or sent something.
    mutating func progressed(now: NIODeadline) { lastProgress = now }

    // MARK: Progress

    /// Does whatever can be done with what has arrived.
    mutating func advance(now: NIODeadline) -> Action {
        switch phase {
        case .closed: return .none
        case .lingering:
            // Whatever is still to be sent is sent first.
            guard isOutputFinished else { return .none }
            return isInputClosed ? close() : read(now)
        case .open:
            if exchange == nil { return nextExchange(now) }
            guard isBodyAwaited else { return .none }
            guard let result = nextPart() else { return read(now) }
            isBodyAwaited = false
            return .handBody(result)
        }
    }

    private mutating func read(_ now: NIODeadline) -> Action {
        guard !isReading else { return .none }
        isReading = true
        lastProgress = now
        return .read
    }

    /// Takes up the next request, if it has arrived.
    private mutating func nextExchange(_ now: NIODeadline) -> Action {
        while let part = parts.first, !part.isHead {
            // What nobody has read of the last request's body.
            parts.removeFirst()
            headBegan = nil
        }
        guard case .head(let head)? = parts.popFirst() else {
            switch inputEnd {
            case nil: return read(now)
            case .refused(let refusal): return refuse(refusal)
            case .body: return finish(closing: true)
            }
        }
        let request: HTTPRequest
        do {
            request = try HTTPRequest(head, limits: limits)
        } catch {
            return refuse(HTTPRefusal(error, accept: head.headers.first(name: "Accept"), isHead: head.method == .HEAD))
        }
        headBegan = nil
        exchangeCount += 1
        let isChunked = request.headerFields[.transferEncoding] != nil
        let length = request.headerFields[.contentLength].flatMap { Int64($0) } ?? 0
        let version10 = head.version == .http1_0
        let hasBody = isChunked || length > 0
        exchange = Exchange(
            number: exchangeCount, isHead: request.method == .head, version10: version10,
            // After an upgrade request the decoder reads no other.
            keepAlive: limits.keepAlive && head.isKeepAlive && !head.headers.contains(name: "Upgrade"),
            expectsContinue: !version10 && request.headerFields[.expect] != nil,
            bodyLeft: isChunked ? nil : length, bodyIsComplete: !hasBody)
        return .answer(request, hasBody: hasBody, number: exchangeCount)
    }

    /// Whether to read the socket although a request is being answered: once, if it is all that has come and has no body. The
    /// next request is what comes next, and the socket need not be taken out of those that are watched, and put back.
    mutating func readsAhead() -> Bool {
        guard isOpen, let exchange, exchange.bodyIsComplete, exchange.keepAlive, inputEnd == nil, !isReading else {
            return false
        }
        while let part = parts.first, !part.isHead { parts.removeFirst() }
        guard parts.isEmpty else { return false }
        isReading = true
        return true
    }

    private mutating func refuse(_ refusal: HTTPRefusal) -> Action {
        beginLingering()
        return .refuse(refusal)
    }

    private mutating func finish(closing: Bool) -> Action {
        beginLingering()
        return .finish(closing: closing)
    }

    private mutating func beginLingering() {
        phase = .lingering
        parts.removeAll()
    }

    private mutating func close() -> Action {
        phase = .closed
        return .close
    }

    private mutating func abort() -> Action {
        phase = .closed
        return .abort
    }

    // MARK: The request's body

    /// The handler of request `number` wants the next part of its body.
    mutating func bodyWanted(of number: Int, now: NIODeadline) -> BodyAnswer {
        guard exchange?.number == number, !isBodyAwaited else { return .result(.failure(RequestBodyError.incomplete)) }
        if let result = nextPart() { return .result(result) }
        isBodyAwaited = true
        // The handler wants the body, so the client may send it (RFC 9110 section 10.1.1).
        var sendsContinue = false
        if exchange?.expectsContinue == true, case .none? = exchange?.response {
            exchange?.expectsContinue = false
            sendsContinue = true
        }
        if case .read = read(now) { return .wait(sendsContinue: sendsContinue, reads: true) }
        return .wait(sendsContinue: sendsContinue, reads: false)
    }

    /// The handler of request `number` does not wait any more.
    ///
    /// - Returns: whether it did.
    mutating func bodyNotWanted(of number: Int) -> Bool {
        guard exchange?.number == number, isBodyAwaited else { return false }
        isBodyAwaited = false
        return true
    }

    /// The next part of the body of request `number` if it is there: what a handler gets without waiting.
    mutating func nextPart(of number: Int) -> Result<ByteBuffer?, any Error>? {
        exchange?.number == number ? nextPart() : nil
    }

    /// What can be said about the body's next part without reading more.
    private mutating func nextPart() -> Result<ByteBuffer?, any Error>? {
        guard exchange?.bodyIsComplete == false else { return .success(nil) }
        while let part = parts.first, !part.isHead {
            parts.removeFirst()
            exchange?.expectsContinue = false
            switch part {
            case .body(let buffer):
                if let left = exchange?.bodyLeft { exchange?.bodyLeft = left - Int64(buffer.readableBytes) }
                if buffer.readableBytes > 0 { return .success(buffer) }
            case .end:
                exchange?.bodyIsComplete = true
                return .success(nil)
            case .head: break
            }
        }
        return inputEnd.map { .failure($0.bodyError) }
    }

    /// Whether the connection can go on after the answer to this request without much reading.
    private func canSkipBody(_ exchange: Exchange) -> Bool {
        if exchange.bodyIsComplete || parts.contains(where: { $0.isEnd }) { return true }
        guard let left = exchange.bodyLeft else { return false }
        return inputEnd == nil && !exchange.expectsContinue && left <= Self.worthReading
    }

    // MARK: The response

    /// The handler of request `number` has its response: encodes the head into `buffer`, to be sent with the first bytes of
    /// the body.
    mutating func begin(
        _ response: HTTPResponse, of number: Int, isDraining: Bool, date: String, into buffer: inout ByteBuffer
    ) throws(ResponseError) {
        guard isOpen, var exchange, exchange.number == number else { throw .connectionClosed }
        if let connection = response.headerFields[.connection], connection.lowercased().contains("close") {
            exchange.keepAlive = false
        }
        if isDraining || !canSkipBody(exchange) { exchange.keepAlive = false }
        let encoder = ResponseHeadEncoder(
            version10: exchange.version10, isHead: exchange.isHead, keepAlive: exchange.keepAlive, date: date)
        let framing = encoder.encode(response, into: &buffer)
        if framing == .untilClose { exchange.keepAlive = false }
        exchange.response = .head(framing)
        self.exchange = exchange
    }

    /// Bytes of the body of the response are to be sent.
    ///
    /// - Returns: how they are framed, and whether the head goes in front of them.
    mutating func send(_ count: Int, of number: Int) throws(ResponseError) -> (framing: ResponseFraming, first: Bool) {
        guard isOpen, exchange?.number == number else { throw .connectionClosed }
        switch exchange?.response {
        case .head(var framing):
            try framing.consume(count)
            exchange?.response = .body(framing)
            return (framing, true)
        case .body(var framing):
            try framing.consume(count)
            exchange?.response = .body(framing)
            return (framing, false)
        case Optional.none, .some(.none), .ended: throw .bodyTooLong
        }
    }

    /// The body of the response is at its end.
    ///
    /// - Returns: as ``send(_:of:)``.
    mutating func end(of number: Int) throws(ResponseError) -> (framing: ResponseFraming, first: Bool) {
        guard isOpen, exchange?.number == number else { throw .connectionClosed }
        let (framing, first): (ResponseFraming, Bool)
        switch exchange?.response {
        case .head(let headFraming): (framing, first) = (headFraming, true)
        case .body(let bodyFraming): (framing, first) = (bodyFraming, false)
        case Optional.none, .some(.none), .ended: throw .bodyTooLong
        }
        if case .length(let left) = framing, left > 0 { throw .bodyTooShort }
        exchange?.response = .ended
        return (framing, first)
    }

    /// The handler of request `number` failed.
    ///
    /// - Returns: nil when the failure is of no importance any more; whether nothing was sent yet, so that it can be told. Else
    ///   the connection has to break.
    mutating func handlerFailed(of number: Int) -> Bool? {
        guard isOpen, let exchange, exchange.number == number else { return nil }
        switch exchange.response {
        case .none, .head:
            self.exchange?.response = .none
            return true
        case .body, .ended:
            phase = .closed
            return false
        }
    }

    /// The handler of request `number` is done: goes on with the next request, or closes.
    mutating func exchangeEnded(_ number: Int, now: NIODeadline) -> Action {
        guard isOpen, let exchange, exchange.number == number else { return .none }
        self.exchange = nil
        isBodyAwaited = false
        guard case .ended = exchange.response else { return abort() }
        guard exchange.keepAlive else {
            return finish(closing: exchange.bodyIsComplete || parts.contains { $0.isEnd })
        }
        // The client was told that it may send another one, even if we have begun to drain since.
        lastProgress = now
        return advance(now: now)
    }

    /// Everything that was queued before a ``Action/finish(closing:)`` or a refusal was taken by the kernel.
    ///
    /// The client gets time to read our last words while it may still be sending: closing right away would make the kernel
    /// reset the connection, and that can destroy the response on its way (RFC 9112 section 9.6).
    mutating func outputFinished(closing: Bool) -> Action {
        guard case .lingering = phase else { return .none }
        isOutputFinished = true
        return closing ? close() : .halfClose
    }

    /// Time to linger is over.
    mutating func lingeringEnded() -> Action {
        if case .closed = phase { return .none }
        return close()
    }

    // MARK: Time-outs

    /// When to call ``timerFired(now:queued:acknowledged:)`` for the first time; nil when there is no time-out.
    ///
    /// The timer is due no later than the timeout after the first byte of a head, so that a head needs none of its own.
    mutating func firstTimer(now: NIODeadline) -> NIODeadline? {
        lastProgress = now
        return limits.timeout.map { now + $0 }
    }

    /// Looks for a client that neither sends what we wait for nor takes what we send. A request's head has to be whole in that
    /// time, however its bytes trickle.
    ///
    /// - Parameters:
    ///   - queued: bytes that we could not send yet.
    ///   - acknowledgedBytes: what the peer has acknowledged so far: only that tells a slow reader from one that has stopped.
    /// - Returns: what to do, and when to look again.
    mutating func timerFired(
        now: NIODeadline, queued: Int, acknowledgedBytes: () -> Int64
    ) -> (action: Action, next: NIODeadline?) {
        guard let timeout = limits.timeout else { return (.none, nil) }
        if case .closed = phase { return (.none, nil) }
        if queued == 0 && (exchange == nil ? !isReading : !isBodyAwaited || !isReading) {
            // A handler is at work; the client has nothing to do.
            lastProgress = now
        } else if queued > 0 {
            let bytes = acknowledgedBytes()
            if bytes != acknowledged { lastProgress = now }
            acknowledged = bytes
        }
        let deadline = min(lastProgress, headBegan ?? lastProgress) + timeout
        guard deadline <= now else { return (.none, deadline) }
        if queued > 0 { return (abort(), nil) }
        if isBodyAwaited {
            isBodyAwaited = false
            inputEnd = .body(.timedOut)
            return (.handBody(.failure(RequestBodyError.timedOut)), now + timeout)
        }
        if headBegan != nil, exchange == nil, isOpen {
            return (refuse(HTTPRefusal(.incompleteInTime)), now + timeout)
        }
        return (close(), nil)
    }

    // MARK: The drain

    /// Closes an idle connection when its time for one more request is over: `idleGrace` after the drain has begun, after its
    /// last answer, or after the first byte of a request, whichever is the latest. One that is answering a request goes when the
    /// answer is out.
    ///
    /// - Parameter hasUnreadInput: whether the socket holds something: to close then would reset the connection, and the
    ///   request on it would fail.
    mutating func drain(
        now: NIODeadline, began: NIODeadline, idleGrace: TimeAmount, hasUnreadInput: () -> Bool
    ) -> DrainStep {
        guard isOpen, exchange == nil else { return .none }
        let deadline = max(began, headBegan ?? lastProgress) + idleGrace
        if deadline > now { return .checkAgain(at: deadline) }
        if hasUnreadInput() { return .checkAgain(at: now + Self.unreadPause) }
        beginLingering()
        return .finish
    }

    /// The drain's time is over: nothing goes on. An idle connection has nothing to lose and is closed in order.
    mutating func cut() -> Action {
        if isOpen, exchange == nil { return close() }
        return abort()
    }
}

extension HTTPListenerOptions {
    fileprivate var timeout: TimeAmount? {
        clientSocketTimeout > 0 ? .seconds(Int64(min(clientSocketTimeout, 1 << 31))) : nil
    }
}

extension HTTPServerRequestPart {
    fileprivate var isHead: Bool {
        if case .head = self { true } else { false }
    }

    fileprivate var isEnd: Bool {
        if case .end = self { true } else { false }
    }
}
