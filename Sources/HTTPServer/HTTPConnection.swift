import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// One connection: tells ``HTTPConnectionState`` what happens on the channel and in the tasks of the handlers, and does what
/// that decides. Each request is answered in a task on the connection's own event loop.
///
/// Everything here happens on the event loop (hence `@unchecked Sendable`); what a handler's task calls goes there first if
/// the task runs elsewhere.
final class HTTPConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = IOData

    let server: ServerState
    let channel: any Channel
    let turn: LoopTurn

    var state: HTTPConnectionState
    var context: ChannelHandlerContext?
    /// The handler that waits for a part of the body.
    var bodyReader: CheckedContinuation<ByteBuffer?, any Error>?
    /// Handlers that wait until the client has taken some of what is queued.
    var writers: [CheckedContinuation<Void, any Error>] = []
    /// The head of a response that has not been written yet.
    var pendingHead: ByteBuffer?
    var flushIsDue = false
    private var task: Task<Void, Never>?
    private var timer: Scheduled<Void>?

    init(channel: any Channel, server: ServerState) {
        self.channel = channel
        self.server = server
        turn = server.turn(of: channel.eventLoop)
        state = HTTPConnectionState(limits: server.options, now: .now())
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        server.add(self)
        setTimer(state.firstTimer(now: .now()))
        perform(state.advance(now: .now()))
        drainIfIdle()
    }

    func channelInactive(context: ChannelHandlerContext) {
        state.closed()
        timer?.cancel()
        takeBodyReader()?.resume(throwing: RequestBodyError.incomplete)
        resumeWriters(.failure(ResponseError.connectionClosed))
        self.context = nil
        server.remove(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        state.received(unwrapInboundIn(data), now: .now())
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        perform(state.readCompleted(now: .now()))
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        state.progressed(now: .now())
        resumeWriters(.success(()))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .inputClosed? = event as? ChannelEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        perform(state.inputClosed(now: .now()))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let refusal as HTTPRefusal: perform(state.inputRefused(refusal, now: .now()))
        case HTTPParserError.invalidEOFState: perform(state.inputBroke(now: .now()))
        // The decoder tells this one past RequestDecoder.
        case HTTPParserError.invalidVersion: perform(state.inputRefused(HTTPRefusal(.version), now: .now()))
        case is HTTPParserError: perform(state.inputRefused(HTTPRefusal(.syntax), now: .now()))
        default: context.close(promise: nil)
        }
    }

    // MARK: Actions

    func perform(_ action: HTTPConnectionState.Action) {
        switch action {
        case .none: break
        case .read: context?.read()
        case .answer(let request, let hasBody, let number): start(request, hasBody, number)
        case .refuse(let refusal): refuse(refusal)
        case .handBody(let result): takeBodyReader()?.resume(with: result)
        case .finish(let closing): finishOutput(closing: closing)
        case .halfClose:
            channel.close(mode: .output, promise: nil)
            channel.eventLoop.assumeIsolated().scheduleTask(in: Self.lingeringTime) {
                self.perform(self.state.lingeringEnded())
            }
            perform(state.advance(now: .now()))
        case .close:
            flushIfDue()
            context?.close(promise: nil)
        case .abort: abort()
        }
    }

    /// How long a client may take to read our last words.
    private static let lingeringTime = TimeAmount.seconds(5)

    private func start(_ head: HTTPRequest, _ hasBody: Bool, _ number: Int) {
        let body =
            hasBody
            ? RequestBody(asyncSequence: RequestBodyStream(connection: self, exchange: number))
            : RequestBody(buffer: ByteBuffer())
        server.activeRequests.add(1, ordering: .relaxed)
        let request = Request(head: head, body: body)
        let arrival = ContinuousClock.now
        task = Task(executorPreference: turn.executor) { await self.answer(request, number, arrival) }
        if state.readsAhead() { context?.read() }
    }

    /// Runs in the request's task.
    private func answer(_ request: Request, _ number: Int, _ arrival: ContinuousClock.Instant) async {
        do {
            let response = try await server.respond(request, channel.remoteAddress, arrival)
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

    private func endExchange(_ number: Int) {
        server.activeRequests.subtract(1, ordering: .relaxed)
        server.answeredRequests.add(1, ordering: .relaxed)
        if state.currentExchange == number {
            task = nil
            // Whoever still reads now reads a body that has no request any more.
            takeBodyReader()?.resume(throwing: RequestBodyError.incomplete)
        }
        // What was to happen before the answer went out happens even if none does.
        turn.endSoon()
        perform(state.exchangeEnded(number, now: .now()))
        drainIfIdle()
    }

    private func refuse(_ refusal: HTTPRefusal) {
        server.logger.debug("Refused a malformed request", metadata: ["reason": "\(refusal.reason)"])
        let (contentType, text) = server.renderRefusal(refusal)
        var response = HTTPResponse(
            status: refusal.status, headerFields: [.contentType: contentType, .contentLength: "\(text.utf8.count)"])
        // RFC 9110 section 15.5.6; the only method that is refused here is CONNECT, for which there is no other.
        if refusal.status == .methodNotAllowed { response.headerFields[.allow] = "" }
        let encoder = ResponseHeadEncoder(
            version10: false, isHead: refusal.isHead, keepAlive: false, date: server.date.now)
        var buffer = channel.allocator.buffer(capacity: 256 + text.utf8.count)
        if encoder.encode(response, into: &buffer) != .none { buffer.writeString(text) }
        context?.write(wrapOutboundOut(.byteBuffer(buffer)), promise: nil)
        finishOutput(closing: false)
    }

    private func finishOutput(closing: Bool) {
        guard let context else { return }
        let last = context.eventLoop.makePromise(of: Void.self)
        context.write(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: last)
        flush()
        last.futureResult.assumeIsolated().whenSuccess { [self] in
            perform(state.outputFinished(closing: closing))
        }
    }

    func abort() {
        guard let context else { return }
        try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            SocketOptions.resetOnClose($0)
        }
        context.close(promise: nil)
    }

    func takeBodyReader() -> CheckedContinuation<ByteBuffer?, any Error>? {
        defer { bodyReader = nil }
        return bodyReader
    }

    private func resumeWriters(_ result: Result<Void, any Error>) {
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume(with: result) }
    }

    /// Runs `body` on the event loop: here and now if this is its thread.
    func onEventLoop<Value: Sendable>(
        _ body: @escaping @Sendable (HTTPConnection) throws -> Value
    ) async throws -> Value {
        if channel.eventLoop.inEventLoop { return try body(self) }
        return try await channel.eventLoop.submit { try body(self) }.get()
    }

    // MARK: Time

    private func setTimer(_ deadline: NIODeadline?) {
        guard let deadline else { return }
        timer = channel.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerFired() }
    }

    private func timerFired() {
        guard let context else { return }
        let queued = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        let (action, next) = state.timerFired(now: .now(), queued: queued) {
            onSocket { SocketOptions.acknowledgedBytes($0) } ?? -1
        }
        setTimer(next)
        perform(action)
    }

    /// Runs `body` with the descriptor, unless the connection is closed.
    func onSocket<Value>(_ body: (Int32) -> Value) -> Value? {
        let value = try? context?.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self, body)
        return value ?? nil
    }

    // MARK: The end

    /// If the listener drains and this connection is idle: sees to it that it ends in time.
    func drainIfIdle() {
        guard server.isDraining.load(ordering: .sequentiallyConsistent) else { return }
        let step = state.drain(
            now: .now(), began: .uptimeNanoseconds(server.drainBegan.load(ordering: .sequentiallyConsistent)),
            idleGrace: .nanoseconds(server.idleGrace.load(ordering: .sequentiallyConsistent)),
            hasUnreadInput: { (onSocket { SocketOptions.peek($0) } ?? 0) > 0 })
        switch step {
        case .none: break
        case .checkAgain(let deadline):
            channel.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.drainIfIdle() }
        case .finish: finishOutput(closing: true)
        }
    }

    /// Ends whatever goes on: the drain's time is over.
    func cut() {
        task?.cancel()
        perform(state.cut())
    }
}
