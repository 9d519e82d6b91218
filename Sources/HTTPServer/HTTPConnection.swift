import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// One connection: takes decoded request parts, has each request answered in a task on the connection's own event loop,
/// and writes the response.
///
/// The socket is only read when somebody wants what it holds: the next request while there is none, or the next part of
/// a body. Everything here happens on the event loop (hence `@unchecked Sendable`); what a handler's task calls goes
/// there first if the task runs elsewhere.
final class HTTPConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = IOData

    let state: ServerState
    let channel: any Channel
    let executor: EventLoopTaskExecutor

    var context: ChannelHandlerContext?
    /// What was decoded and nobody has asked for yet: at most what one read of the socket brought.
    var parts = CircularBuffer<HTTPServerRequestPart>()
    /// Why no further part will come, once that is so.
    var inputEnd: (any Error)?
    /// Whether the client has shut its side.
    var isInputClosed = false
    /// Whether we wait for the client to send something.
    var isReading = false
    var phase = Phase.open
    /// The request that is being answered.
    var exchange: Exchange?
    var exchangeCount = 0
    var bodyReader: CheckedContinuation<ByteBuffer?, any Error>?
    var writers: [CheckedContinuation<Void, any Error>] = []
    var flushIsDue = false
    var isOutputFinished = false
    var lastProgress = NIODeadline.now()
    /// When the first bytes of a request came, while its head is not whole.
    var headBegan: NIODeadline?
    var acknowledged: Int64 = -1
    var timer: Scheduled<Void>?

    enum Phase {
        case open
        /// The last response is on its way; what arrives is thrown away until the client closes too.
        case lingering
        case closed
    }

    /// A request and how far its answer is.
    struct Exchange {
        let number: Int
        let isHead: Bool
        let version10: Bool
        var keepAlive: Bool
        /// Whether the client waits for 100 before it sends the body.
        var expectsContinue: Bool
        /// Bytes of the request body that no handler has taken; `nil` if the client didn't say.
        var bodyLeft: Int64?
        var bodyIsComplete = false
        var response = ResponseState.none
        var task: Task<Void, Never>?
    }

    enum ResponseState {
        case none
        /// Encoded but not written, so that it goes out together with the start of the body.
        case head(ByteBuffer, ResponseFraming)
        case body(ResponseFraming)
        case ended
    }

    init(channel: any Channel, state: ServerState) {
        self.channel = channel
        self.state = state
        executor = EventLoopTaskExecutor(channel.eventLoop)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        state.add(self)
        startClock()
        advance()
        awaitLastRequest()
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        timer?.cancel()
        parts.removeAll()
        inputEnd = inputEnd ?? RequestBodyError.incomplete
        takeBodyReader()?.resume(throwing: RequestBodyError.incomplete)
        resumeWriters(.failure(ResponseError.connectionClosed))
        self.context = nil
        state.remove(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .open = phase else { return }
        lastProgress = .now()
        parts.append(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        if headBegan == nil, exchange == nil { headBegan = .now() }
        advance()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        lastProgress = .now()
        resumeWriters(.success(()))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .inputClosed? = event as? ChannelEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        inputEnd = inputEnd ?? RequestBodyError.incomplete
        isInputClosed = true
        isReading = false
        advance()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.invalidEOFState: inputEnd = inputEnd ?? RequestBodyError.incomplete
        case HTTPParserError.invalidVersion: inputEnd = inputEnd ?? MalformedRequest.version
        case let malformed as MalformedRequest: inputEnd = inputEnd ?? malformed
        case is HTTPParserError: inputEnd = inputEnd ?? MalformedRequest.syntax
        default: return context.close(promise: nil)
        }
        advance()
    }

    // MARK: Progress

    /// Does whatever can be done with what has arrived.
    func advance() {
        switch phase {
        case .closed: return
        case .lingering:
            // Whatever is still to be sent is sent first.
            if isOutputFinished { isInputClosed ? close() : read() }
        case .open:
            if exchange == nil {
                startExchange()
            } else if bodyReader != nil {
                if let result = nextPart() {
                    takeBodyReader()?.resume(with: result)
                } else {
                    read()
                }
            }
        }
    }

    /// Asks the socket for more, once.
    func read() {
        guard !isReading, let context else { return }
        isReading = true
        lastProgress = .now()
        context.read()
    }

    func takeBodyReader() -> CheckedContinuation<ByteBuffer?, any Error>? {
        defer { bodyReader = nil }
        return bodyReader
    }

    func resumeWriters(_ result: Result<Void, any Error>) {
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

    // MARK: The end

    /// If the listener drains: closes an idle connection when its time for one more request is over. One that is answering
    /// a request goes when the answer is out.
    func awaitLastRequest() {
        guard case .open = phase, exchange == nil, state.isDraining.load(ordering: .sequentiallyConsistent) else {
            return
        }
        let deadline =
            (headBegan ?? lastProgress) + .nanoseconds(state.patience.load(ordering: .sequentiallyConsistent))
        if deadline > .now() {
            channel.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.awaitLastRequest() }
        } else if hasUnreadInput {
            // To close now would reset the connection, and the request on it would fail.
            channel.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(10)) { self.awaitLastRequest() }
        } else {
            finishOutput(closing: true)
        }
    }

    private var hasUnreadInput: Bool {
        let count = try? context?.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { SocketOptions.peek($0) }
        return (count ?? nil) ?? 0 > 0
    }

    /// Gives the client time to read our last words while it may still be sending: closing right away would make the
    /// kernel reset the connection, and that can destroy the response on its way (RFC 9112 section 9.6).
    func finishOutput(closing: Bool) {
        guard let context else { return }
        phase = .lingering
        parts.removeAll()
        let last = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: last)
        last.futureResult.assumeIsolated().whenSuccess { [self] in
            isOutputFinished = true
            if closing { return close() }
            channel.close(mode: .output, promise: nil)
            channel.eventLoop.assumeIsolated().scheduleTask(in: .seconds(5)) { self.close() }
            advance()
        }
    }

    func close() {
        guard let context else { return }
        phase = .closed
        context.close(promise: nil)
    }

    /// Breaks the connection so that the client can't take a part of a response for all of it.
    func abort() {
        guard let context else { return }
        try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            SocketOptions.resetOnClose($0)
        }
        phase = .closed
        context.close(promise: nil)
    }

    /// Ends whatever goes on: the drain's time is over.
    func cut() {
        exchange?.task?.cancel()
        abort()
    }
}
