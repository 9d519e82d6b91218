import NIOCore
import NIOPosix
import TestSupport

@testable import Identity

/// Answers each request with what a test wants, and then closes the connection, leaves it open, or goes on sending a byte
/// at a time.
struct HostileServer: Sendable {
    let address: MemcachedSettings.Server
    private let channel: any Channel

    static func start(
        staysOpen: Bool = false, tricklesOn: Bool = false, _ answer: @escaping @Sendable (String) -> [UInt8]
    ) async throws -> HostileServer {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Handler(answer: answer, staysOpen: staysOpen, tricklesOn: tricklesOn))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let port = channel.localAddress?.port else { throw TestFailure("no port") }
        return HostileServer(address: .init(host: "127.0.0.1", port: UInt16(port)), channel: channel)
    }

    func stop() async throws { try await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        let answer: @Sendable (String) -> [UInt8]
        let staysOpen: Bool
        let tricklesOn: Bool

        init(answer: @escaping @Sendable (String) -> [UInt8], staysOpen: Bool, tricklesOn: Bool) {
            self.answer = answer
            self.staysOpen = staysOpen
            self.tricklesOn = tricklesOn
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let channel = context.channel
            let request = String(buffer: unwrapInboundIn(data))
            let sent = channel.writeAndFlush(ByteBuffer(bytes: answer(request)))
            if tricklesOn {
                let trickle = channel.eventLoop.scheduleRepeatedTask(
                    initialDelay: .milliseconds(50), delay: .milliseconds(50)
                ) { _ in channel.writeAndFlush(ByteBuffer(string: "x"), promise: nil) }
                channel.closeFuture.whenComplete { _ in trickle.cancel() }
            } else if !staysOpen {
                sent.whenComplete { _ in channel.close(promise: nil) }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
