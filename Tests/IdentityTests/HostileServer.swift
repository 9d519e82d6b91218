import NIOCore
import NIOPosix
import TestSupport

@testable import Identity

/// Answers each request with what a test wants, after a while if it is to be slow, and then closes the connection, leaves
/// it open, or goes on sending a byte at a time.
struct HostileServer: Sendable {
    let address: MemcachedSettings.Server
    private let channel: any Channel

    static func start(
        staysOpen: Bool = false, tricklesOn: Bool = false, delay: TimeAmount = .zero,
        _ answer: @escaping @Sendable (String) -> [UInt8]
    ) async throws -> HostileServer {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Handler(answer: answer, staysOpen: staysOpen, tricklesOn: tricklesOn, delay: delay))
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
        let delay: TimeAmount

        init(
            answer: @escaping @Sendable (String) -> [UInt8], staysOpen: Bool, tricklesOn: Bool, delay: TimeAmount
        ) {
            self.answer = answer
            self.staysOpen = staysOpen
            self.tricklesOn = tricklesOn
            self.delay = delay
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let channel = context.channel
            let bytes = ByteBuffer(bytes: answer(String(buffer: unwrapInboundIn(data))))
            let sent =
                delay == .zero
                ? channel.writeAndFlush(bytes)
                : channel.eventLoop.flatScheduleTask(in: delay) { channel.writeAndFlush(bytes) }.futureResult
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
