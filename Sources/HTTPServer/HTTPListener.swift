public import Hummingbird
public import Logging
public import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Accepts connections on an inherited listening socket and answers them with a Hummingbird responder.
///
/// Several processes may listen on the same socket; each closes only its own copy. Handlers run on the event loop of
/// their connection and must not block.
public final class HTTPListener<Responder: HTTPResponder>: Sendable
where Responder.Context: InitializableFromRequestSource {
    private let socket: Int32
    private let eventLoopGroup: any EventLoopGroup
    private let state: ServerState
    private let server = Mutex(Server.idle)

    private enum Server {
        case idle
        case accepting(any Channel)
        /// Nothing is accepted any more.
        case drained
    }

    /// - Parameters:
    ///   - socket: listening descriptor; the listener owns it.
    ///   - renderRefusal: makes the body of what the listener answers itself; without it that is plain text.
    ///   - beforeAnswers: called on an event loop before any answer goes out, once for all that are ready then.
    public init(
        socket: Int32, options: HTTPListenerOptions, responder: Responder, eventLoopGroup: any EventLoopGroup,
        logger: Logger,
        renderRefusal: @escaping RefusalRenderer = { ("text/plain; charset=utf-8", "\($0.reason)\n") },
        beforeAnswers: @escaping @Sendable () -> Void = {}
    ) {
        self.socket = socket
        self.eventLoopGroup = eventLoopGroup
        state = ServerState(
            options: options, eventLoopGroup: eventLoopGroup, logger: logger, renderRefusal: renderRefusal,
            beforeAnswers: beforeAnswers
        ) { request, address, arrival in
            let source = HTTPRequestSource(logger: logger, remoteAddress: address, arrival: arrival)
            let context = Responder.Context(source: source)
            do {
                return try await responder.respond(to: request, context: context)
            } catch let error as any HTTPResponseError {
                return try error.response(from: request, context: context)
            }
        }
    }

    deinit {
        if case .idle = server.withLock({ $0 }) { _ = closeDescriptor(socket) }
    }

    /// Connections that are open, idle ones included.
    public var activeConnections: Int { state.connectionCount }

    /// Requests that are being answered.
    public var activeRequests: Int { state.activeRequests.load(ordering: .relaxed) }

    /// Requests that were answered so far.
    public var answeredRequests: Int { state.answeredRequests.load(ordering: .relaxed) }

    /// Serves until ``drain(_:)`` is done or the task is cancelled. To be called once.
    ///
    /// - Throws: when the socket can't be listened on.
    public func run() async throws {
        try await withTaskCancellationHandler {
            try await accept()
            await state.waitUntilEmpty()
        } onCancel: {
            _ = stopAccepting()
            cut()
        }
    }

    /// Stops accepting, lets running requests finish (answering `Connection: close`), and cuts what is left after the
    /// timeout. A connection that waits for its next request gets that answered if it comes in time, because a client that
    /// has just sent one would see it fail.
    public func drain(_ limits: DrainLimits) async {
        state.drainBegan.store(NIODeadline.now().uptimeNanoseconds, ordering: .sequentiallyConsistent)
        state.idleGrace.store(TimeAmount(limits.idleGrace).nanoseconds, ordering: .sequentiallyConsistent)
        try? await stopAccepting()?.closeFuture.get()
        for connection in state.connections {
            connection.channel.eventLoop.execute { connection.drainIfIdle() }
        }
        let deadline = eventLoopGroup.next().scheduleTask(in: TimeAmount(limits.timeout)) { self.cut() }
        await state.waitUntilEmpty()
        deadline.cancel()
    }

    /// Returns when no more connections are accepted.
    private func accept() async throws {
        let state = state
        let bootstrap = ServerBootstrap(group: eventLoopGroup)
            // One at a time, so that the processes that share the socket share the connections.
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptGate(limit: state.options.maxConnections, logger: state.logger))
                }
            }
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            // The kernel has taken less than it was offered: it is full, and would take crumbs from then on.
            .childChannelOption(.writeSpin, value: 0)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 2048, maximum: 256 << 10)
            )
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 1 << 20))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(ByteToMessageHandler(RequestDecoder(options: state.options)))
                    try pipeline.addHandler(HTTPConnection(channel: channel, server: state))
                }
            }
        let channel = try await bootstrap.withBoundSocket(socket).get()
        let isDrained = server.withLock { server in
            if case .drained = server { return true }
            server = .accepting(channel)
            return false
        }
        if isDrained { channel.close(promise: nil) }
        // NIO has set a queue length of its own.
        SocketOptions.prepare(listening: socket, state.options)
        try await channel.closeFuture.get()
    }

    /// Closes our copy of the socket; returns the channel that is being closed.
    private func stopAccepting() -> (any Channel)? {
        state.isDraining.store(true, ordering: .sequentiallyConsistent)
        let before = server.withLock { server in
            defer { server = .drained }
            return server
        }
        guard case .accepting(let channel) = before else { return nil }
        channel.close(promise: nil)
        return channel
    }

    private func cut() {
        for connection in state.connections {
            connection.channel.eventLoop.execute { connection.cut() }
        }
    }
}
