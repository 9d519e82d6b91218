import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Synchronization

extension HTTPConnection {
    /// Bytes of an unread body that are worth reading in order to keep the connection.
    private static let worthReading: Int64 = 64 << 10

    /// Takes up the next request, if it has arrived.
    func startExchange() {
        while let part = parts.first, !part.isHead {
            // What nobody has read of the last request's body.
            parts.removeFirst()
            headBegan = nil
        }
        guard case .head(let head)? = parts.popFirst() else {
            switch inputEnd {
            case nil: read()
            case let malformed as MalformedRequest: refuse(malformed)
            default: finishOutput(closing: true)
            }
            return
        }
        let request: HTTPRequest
        do {
            request = try HTTPRequest(head, limits: state.options)
        } catch {
            return refuse(error)
        }
        headBegan = nil
        exchangeCount += 1
        let isChunked = request.headerFields[.transferEncoding] != nil
        let length = request.headerFields[.contentLength].flatMap { Int64($0) } ?? 0
        let version10 = head.version == .http1_0
        var exchange = Exchange(
            number: exchangeCount, isHead: request.method == .head, version10: version10,
            // After an upgrade request the decoder reads no other.
            keepAlive: state.options.keepAlive && head.isKeepAlive && !head.headers.contains(name: "Upgrade"),
            expectsContinue: !version10 && request.headerFields[.expect] != nil,
            bodyLeft: isChunked ? nil : length)
        var body = RequestBody(buffer: ByteBuffer())
        if isChunked || length > 0 {
            body = RequestBody(asyncSequence: RequestBodyStream(connection: self, exchange: exchangeCount))
        } else {
            exchange.bodyIsComplete = true
        }
        state.activeRequests.add(1, ordering: .relaxed)
        let whole = Request(head: request, body: body)
        let number = exchangeCount
        exchange.task = Task(executorPreference: executor) { await self.answer(whole, number) }
        self.exchange = exchange
    }

    /// Runs in the request's task.
    private func answer(_ request: Request, _ number: Int) async {
        do {
            let response = try await state.respond(request, channel.remoteAddress)
            try await onEventLoop { try $0.begin(response, of: number) }
            if request.method == .head {
                try await finish(trailers: nil, of: number)
            } else {
                try await response.body.write(ConnectionWriter(connection: self, exchange: number))
            }
        } catch {
            _ = try? await onEventLoop { $0.fail(error, of: number) }
        }
        _ = try? await onEventLoop { $0.endExchange(number) }
    }

    /// The handler is done: goes on with the next request, or closes.
    private func endExchange(_ number: Int) {
        state.activeRequests.subtract(1, ordering: .relaxed)
        state.answeredRequests.add(1, ordering: .relaxed)
        guard case .open = phase, let exchange, exchange.number == number else { return }
        self.exchange = nil
        guard case .ended = exchange.response else { return abort() }
        let bodyIsComplete = exchange.bodyIsComplete || parts.contains { $0.isEnd }
        if exchange.keepAlive {
            // The client was told that it may send another one, even if we have begun to drain since.
            lastProgress = .now()
            advance()
            awaitLastRequest()
        } else {
            finishOutput(closing: bodyIsComplete)
        }
    }

    /// Answers what is no request we understand, and closes.
    func refuse(_ malformed: MalformedRequest) {
        state.logger.debug("Refused a malformed request", metadata: ["reason": "\(malformed)"])
        let encoder = ResponseHeadEncoder(version10: false, isHead: false, keepAlive: false, date: state.date.now)
        var head = channel.allocator.buffer(capacity: 256)
        _ = encoder.encode(HTTPResponse(status: malformed.status, headerFields: [.contentLength: "0"]), into: &head)
        context?.write(wrapOutboundOut(.byteBuffer(head)), promise: nil)
        finishOutput(closing: false)
    }

    // MARK: The request's body

    /// Whether the connection can go on after the answer to this request without much reading.
    func canSkipBody(_ exchange: Exchange) -> Bool {
        if exchange.bodyIsComplete || parts.contains(where: { $0.isEnd }) { return true }
        guard let left = exchange.bodyLeft else { return false }
        return inputEnd == nil && !exchange.expectsContinue && left <= Self.worthReading
    }

    /// The next part of the body of request `number`: `nil` once the body is complete, and only then.
    func nextBodyPart(of number: Int) async throws -> ByteBuffer? {
        if channel.eventLoop.inEventLoop, exchange?.number == number, let result = nextPart() {
            return try result.get()
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if channel.eventLoop.inEventLoop {
                    awaitPart(continuation, number)
                } else {
                    channel.eventLoop.execute { self.awaitPart(continuation, number) }
                }
            }
        } onCancel: {
            channel.eventLoop.execute {
                if self.exchange?.number == number { self.takeBodyReader()?.resume(throwing: CancellationError()) }
            }
        }
    }

    private func awaitPart(_ continuation: CheckedContinuation<ByteBuffer?, any Error>, _ number: Int) {
        guard exchange?.number == number, bodyReader == nil else {
            return continuation.resume(throwing: RequestBodyError.incomplete)
        }
        if let result = nextPart() { return continuation.resume(with: result) }
        bodyReader = continuation
        sendContinue()
        read()
    }

    /// What can be said about the body's next part without reading more.
    func nextPart() -> Result<ByteBuffer?, any Error>? {
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
        switch inputEnd {
        case nil: return nil
        case is MalformedRequest: return .failure(RequestBodyError.malformed)
        case let error?: return .failure(error)
        }
    }

    /// The handler wants the body, so the client may send it (RFC 9110 section 10.1.1).
    private func sendContinue() {
        guard exchange?.expectsContinue == true, case .none? = exchange?.response, let context else { return }
        exchange?.expectsContinue = false
        context.writeAndFlush(
            wrapOutboundOut(.byteBuffer(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))), promise: nil)
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
