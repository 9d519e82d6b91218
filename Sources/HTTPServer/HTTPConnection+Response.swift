import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// Sending a response.
extension HTTPConnection {
    /// Up to this size, the first part of a body goes out in one buffer with the head.
    private static let joinLimit = 32 << 10

    /// Encodes the head; it is sent with the first bytes of the body.
    func begin(_ response: Response, of number: Int) throws {
        var head = channel.allocator.buffer(capacity: 512)
        try state.begin(
            response.head, of: number, isDraining: server.isDraining.load(ordering: .sequentiallyConsistent),
            date: server.date.now, into: &head)
        pendingHead = head
    }

    /// Queues a part of the body and waits while too much is queued.
    func write(_ buffer: ByteBuffer, of number: Int) async throws {
        guard buffer.readableBytes > 0 else { return }
        let isWritable = try await onEventLoop { connection in
            try connection.enqueue(.byteBuffer(buffer), of: number, promise: nil)
            connection.flushSoon()
            return connection.channel.isWritable
        }
        if !isWritable { try await waitUntilWritable() }
    }

    /// Queues a region of a file and waits until the kernel has taken it.
    func write(_ file: FileRegion, of number: Int) async throws {
        let written = channel.eventLoop.makePromise(of: Void.self)
        do {
            try await onEventLoop { connection in
                let hasHead = connection.pendingHead != nil
                try connection.enqueue(.fileRegion(file), of: number, promise: written)
                if hasHead { connection.cork(until: written.futureResult) }
                connection.flush()
            }
        } catch {
            written.fail(error)
        }
        try await written.futureResult.get()
        _ = try await onEventLoop { $0.state.progressed(now: .now()) }
    }

    /// Lets a head go out with what follows it: by itself, it would wake the client up for nothing.
    private func cork(until written: EventLoopFuture<Void>) {
        onSocket { SocketOptions.setCork($0, 1) }
        written.assumeIsolated().whenComplete { [self] _ in onSocket { SocketOptions.setCork($0, 0) } }
    }

    /// Ends the body. What is queued goes out when the turn ends.
    func finish(trailers: HTTPFields?, of number: Int) async throws {
        try await onEventLoop { try $0.end(trailers, of: number) }
    }

    /// The handler failed: says so if nothing was sent yet, else breaks the connection.
    func fail(_ error: any Error, of number: Int) {
        guard let canTell = state.handlerFailed(of: number) else { return }
        server.logger.error("A request failed", metadata: ["error": "\(error)"])
        guard canTell else { return abort() }
        try? begin(Response(status: .internalServerError), of: number)
        try? end(nil, of: number)
    }

    private func enqueue(_ data: IOData, of number: Int, promise: EventLoopPromise<Void>?) throws {
        guard let context else { throw ResponseError.connectionClosed }
        let (framing, isFirst) = try state.send(data.readableBytes, of: number)
        if isFirst, var head = takePendingHead() {
            if case .byteBuffer(var first) = data, first.readableBytes <= Self.joinLimit, framing != .none {
                if framing == .chunked { head.writeString(Self.chunkHead(first.readableBytes)) }
                head.writeBuffer(&first)
                if framing == .chunked { head.writeStaticString("\r\n") }
                return context.write(wrapOutboundOut(.byteBuffer(head)), promise: promise)
            }
            context.write(wrapOutboundOut(.byteBuffer(head)), promise: nil)
        }
        enqueue(data, framing, context, promise)
    }

    private func takePendingHead() -> ByteBuffer? {
        defer { pendingHead = nil }
        return pendingHead
    }

    private func enqueue(
        _ data: IOData, _ framing: ResponseFraming, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        switch framing {
        case .none: promise?.succeed()
        case .length, .untilClose: context.write(wrapOutboundOut(data), promise: promise)
        case .chunked:
            let head = ByteBuffer(string: Self.chunkHead(data.readableBytes))
            context.write(wrapOutboundOut(.byteBuffer(head)), promise: nil)
            context.write(wrapOutboundOut(data), promise: nil)
            context.write(wrapOutboundOut(.byteBuffer(ByteBuffer(string: "\r\n"))), promise: promise)
        }
    }

    private static func chunkHead(_ size: Int) -> String { String(size, radix: 16) + "\r\n" }

    private func end(_ trailers: HTTPFields?, of number: Int) throws {
        guard let context else { throw ResponseError.connectionClosed }
        let (framing, isFirst) = try state.end(of: number)
        var last = isFirst ? takePendingHead() ?? ByteBuffer() : ByteBuffer()
        if framing == .chunked {
            last.writeStaticString("0\r\n")
            for field in trailers ?? [:] { last.writeString("\(field.name.rawName): \(field.value)\r\n") }
            last.writeStaticString("\r\n")
        }
        if last.readableBytes > 0 { context.write(wrapOutboundOut(.byteBuffer(last)), promise: nil) }
        flushSoon()
    }

    /// Sends what is queued. Nothing goes out but through here.
    func flush() {
        flushIsDue = false
        turn.beforeAnswers()
        context?.flush()
    }

    /// The end of the turn to which ``flushSoon()`` has left it.
    func flushIfDue() {
        if flushIsDue { flush() }
    }

    /// Flushes when everything that is ready to run now has run: a small body goes out with its end, and all answers that are
    /// ready at the same time one after the other.
    private func flushSoon() {
        guard !flushIsDue else { return }
        flushIsDue = true
        turn.add(self)
    }

    private func waitUntilWritable() async throws {
        try await withCheckedThrowingContinuation { continuation in
            if channel.eventLoop.inEventLoop {
                awaitWritability(continuation)
            } else {
                channel.eventLoop.execute { self.awaitWritability(continuation) }
            }
        }
    }

    private func awaitWritability(_ continuation: CheckedContinuation<Void, any Error>) {
        flush()
        if context == nil {
            continuation.resume(throwing: ResponseError.connectionClosed)
        } else if channel.isWritable {
            continuation.resume()
        } else {
            state.progressed(now: .now())
            writers.append(continuation)
        }
    }
}
