import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

extension HTTPConnection {
    /// Up to this size, the first part of a body goes out in one buffer with the head.
    private static let joinLimit = 32 << 10

    /// Encodes the head; it is sent with the first bytes of the body.
    func begin(_ response: Response, of number: Int) throws {
        guard case .open = phase, var exchange, exchange.number == number else { throw ResponseError.connectionClosed }
        if let connection = response.headers[.connection], connection.lowercased().contains("close") {
            exchange.keepAlive = false
        }
        if state.isDraining.load(ordering: .sequentiallyConsistent) || !canSkipBody(exchange) {
            exchange.keepAlive = false
        }
        let encoder = ResponseHeadEncoder(
            version10: exchange.version10, isHead: exchange.isHead, keepAlive: exchange.keepAlive, date: state.date.now)
        var head = channel.allocator.buffer(capacity: 512)
        let framing = encoder.encode(response.head, into: &head)
        if framing == .untilClose { exchange.keepAlive = false }
        exchange.response = .head(head, framing)
        self.exchange = exchange
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
                try connection.enqueue(.fileRegion(file), of: number, promise: written)
                connection.flush()
            }
        } catch {
            written.fail(error)
        }
        try await written.futureResult.get()
        _ = try await onEventLoop { $0.lastProgress = .now() }
    }

    /// Ends the body. What is queued goes out now.
    func finish(trailers: HTTPFields?, of number: Int) async throws {
        try await onEventLoop { try $0.end(trailers, of: number) }
    }

    /// The handler failed: says so if nothing was sent yet, else breaks the connection.
    func fail(_ error: any Error, of number: Int) {
        guard case .open = phase, let exchange, exchange.number == number else { return }
        state.logger.error("A request failed", metadata: ["error": "\(error)"])
        switch exchange.response {
        case .none, .head:
            self.exchange?.response = .none
            try? begin(Response(status: .internalServerError), of: number)
            try? end(nil, of: number)
        case .body, .ended: abort()
        }
    }

    private func enqueue(_ data: IOData, of number: Int, promise: EventLoopPromise<Void>?) throws {
        guard let context, case .open = phase, exchange?.number == number else { throw ResponseError.connectionClosed }
        switch exchange?.response {
        case .head(var head, var framing):
            try framing.consume(data.readableBytes)
            exchange?.response = .body(framing)
            if case .byteBuffer(var first) = data, first.readableBytes <= Self.joinLimit, framing != .none {
                if framing == .chunked { head.writeString(Self.chunkHead(first.readableBytes)) }
                head.writeBuffer(&first)
                if framing == .chunked { head.writeStaticString("\r\n") }
                return context.write(wrapOutboundOut(.byteBuffer(head)), promise: promise)
            }
            context.write(wrapOutboundOut(.byteBuffer(head)), promise: nil)
            enqueue(data, framing, context, promise)
        case .body(var framing):
            try framing.consume(data.readableBytes)
            exchange?.response = .body(framing)
            enqueue(data, framing, context, promise)
        case Optional.none, .some(.none), .ended: throw ResponseError.bodyTooLong
        }
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
        guard let context, case .open = phase, exchange?.number == number else { throw ResponseError.connectionClosed }
        let framing: ResponseFraming
        var last: ByteBuffer
        switch exchange?.response {
        case .head(let head, let headFraming): (last, framing) = (head, headFraming)
        case .body(let bodyFraming): (last, framing) = (ByteBuffer(), bodyFraming)
        case Optional.none, .some(.none), .ended: throw ResponseError.bodyTooLong
        }
        if case .length(let left) = framing, left > 0 { throw ResponseError.bodyTooShort }
        if framing == .chunked {
            last.writeStaticString("0\r\n")
            for field in trailers ?? [:] { last.writeString("\(field.name.rawName): \(field.value)\r\n") }
            last.writeStaticString("\r\n")
        }
        exchange?.response = .ended
        if last.readableBytes > 0 { context.write(wrapOutboundOut(.byteBuffer(last)), promise: nil) }
        flush()
    }

    private func flush() {
        flushIsDue = false
        context?.flush()
    }

    /// Flushes when everything that is ready to run now has run: a small body goes out with its end.
    private func flushSoon() {
        guard !flushIsDue else { return }
        flushIsDue = true
        channel.eventLoop.execute {
            if self.flushIsDue { self.flush() }
        }
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
            lastProgress = .now()
            writers.append(continuation)
        }
    }
}
