import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A server that does as its answer says.
final class Peer: Sendable {
    enum Answer: Sendable {
        /// Status and body, once the whole request is there. `Content-Length` is there, unless the status has no body.
        case reply(HTTPResponseStatus, String = "", headers: HTTPHeaders = [:])
        /// A head with this length, and then only the first bytes.
        case stall(length: Int, after: String)
        /// Bytes without end, as fast as the client takes them.
        case endless
        /// Reads the head and never anything more, and does not answer.
        case deaf
        case hangUp
    }

    struct Request: Sendable {
        var head: HTTPRequestHead
        var body = ByteBuffer()
    }

    let channel: any Channel
    let requests = Mutex<[Request]>([])
    /// Bytes that were given to the network.
    let sent = Atomic<Int>(0)
    private let answers: Mutex<[Answer]>

    var port: Int { channel.localAddress?.port ?? 0 }
    var url: String { "http://127.0.0.1:\(port)" }

    /// - Parameter answers: one for each request, the last one for all further ones too.
    init(_ answers: [Answer], tls: TLSConfiguration? = nil) async throws {
        self.answers = Mutex(answers)
        let peer = Mutex<Peer?>(nil)
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    guard let peer = peer.withLock({ $0 }) else { throw ChannelError.ioOnClosedChannel }
                    try channel.pipeline.syncOperations.addHandler(Handler(peer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        peer.withLock { $0 = self }
    }

    func stop() async throws { try await channel.close() }

    private func nextAnswer() -> Answer {
        answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let peer: Peer
        private var request: Request?
        private var answer = Answer.hangUp
        private var isEndless = false

        init(_ peer: Peer) { self.peer = peer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                request = Request(head: head)
                answer = peer.nextAnswer()
                if case .deaf = answer { _ = context.channel.setOption(.autoRead, value: false) }
                if case .hangUp = answer { context.close(promise: nil) }
            case .body(var part): request?.body.writeBuffer(&part)
            case .end:
                if let request { peer.requests.withLock { $0.append(request) } }
                respond(context)
            }
        }

        private func respond(_ context: ChannelHandlerContext) {
            switch answer {
            case .reply(let status, let text, var headers):
                headers.add(name: "Content-Length", value: String(text.utf8.count))
                write(context, .head(.init(version: .http1_1, status: status, headers: headers)))
                write(context, .body(.byteBuffer(ByteBuffer(string: text))))
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            case .stall(let length, let text):
                write(context, .head(.init(version: .http1_1, status: .ok, headers: ["Content-Length": "\(length)"])))
                context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
            case .endless:
                write(context, .head(.init(version: .http1_1, status: .ok)))
                isEndless = true
                pump(context)
            case .deaf, .hangUp: break
            }
        }

        private func pump(_ context: ChannelHandlerContext) {
            let part = ByteBuffer(repeating: 7, count: 1 << 16)
            while isEndless, context.channel.isActive, context.channel.isWritable {
                peer.sent.add(part.readableBytes, ordering: .relaxed)
                context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(part))), promise: nil)
            }
        }

        func channelWritabilityChanged(context: ChannelHandlerContext) { pump(context) }

        private func write(_ context: ChannelHandlerContext, _ part: HTTPServerResponsePart) {
            context.write(wrapOutboundOut(part), promise: nil)
        }
    }
}
