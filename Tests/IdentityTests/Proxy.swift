import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Passes connections on to a port of 127.0.0.1, with TLS in front if asked to, and counts the validations of tokens
/// that pass. Without a port behind it, it accepts and never says a word.
final class Proxy: Sendable {
    let port: Int
    private let channel: any Channel
    private let counter: Counter

    final class Counter: Sendable {
        private let validations = Atomic(0)

        var value: Int { validations.load(ordering: .relaxed) }

        func add() { validations.add(1, ordering: .relaxed) }
    }

    /// How often a token was asked about.
    var validations: Int { counter.value }

    static func start(to backend: Int?, tls: TLSConfiguration? = nil) async throws -> Proxy {
        let counter = Counter()
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                guard let backend else { return channel.eventLoop.makeSucceededVoidFuture() }
                return ClientBootstrap(group: channel.eventLoop)
                    .connect(host: "127.0.0.1", port: backend)
                    .flatMapThrowing { behind in
                        if let context {
                            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                        }
                        try channel.pipeline.syncOperations.addHandler(Glue(to: behind, counter: counter))
                        try behind.pipeline.syncOperations.addHandler(Glue(to: channel, counter: nil))
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return Proxy(channel, counter)
    }

    private init(_ channel: any Channel, _ counter: Counter) {
        self.channel = channel
        self.counter = counter
        port = channel.localAddress?.port ?? 0
    }

    func stop() async throws { try await channel.close() }
}

/// Passes on what it reads.
private final class Glue: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let counter: Proxy.Counter?

    init(to other: any Channel, counter: Proxy.Counter?) {
        self.other = other
        self.counter = counter
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if let counter, String(buffer: bytes).contains("GET /v3/auth/tokens") { counter.add() }
        other.writeAndFlush(bytes, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
