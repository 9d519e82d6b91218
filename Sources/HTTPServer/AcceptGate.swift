import Logging
import NIOCore

/// Stops accepting while there are as many connections as there may be, and for a moment when the process is out of
/// descriptors or memory, instead of trying in a busy loop. Clients wait in the kernel's queue meanwhile.
final class AcceptGate: ChannelInboundHandler {
    typealias InboundIn = any Channel

    /// 0 is without limit.
    private let limit: Int
    private let logger: Logger
    private var count = 0
    private var isResting = false
    private var isPaused = false
    private var lastTold: NIODeadline?

    init(limit: Int, logger: Logger) {
        self.limit = limit
        self.logger = logger
    }

    private var isFull: Bool { limit > 0 && count >= limit }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard limit > 0 else { return context.fireChannelRead(data) }
        count += 1
        let context = context
        // The connection's loop may be another one.
        unwrapInboundIn(data).closeFuture.hop(to: context.eventLoop).assumeIsolated().whenComplete { _ in
            self.count -= 1
            self.update(context.channel)
        }
        if isFull { tell() }
        update(context.channel)
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.error("Could not accept a connection", metadata: ["error": "\(error)"])
        isResting = true
        let channel = context.channel
        update(channel)
        channel.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(100)) {
            self.isResting = false
            self.update(channel)
        }
    }

    /// Switches accepting on or off. It is off once the connection that fills the last place is there: NIO reads again
    /// only when the option allows it.
    private func update(_ channel: any Channel) {
        let pauses = isFull || isResting
        guard pauses != isPaused else { return }
        isPaused = pauses
        try? channel.syncOptions?.setOption(.autoRead, value: !pauses)
    }

    /// Once a minute is enough to know.
    private func tell() {
        let now = NIODeadline.now()
        if let lastTold, now - lastTold < .minutes(1) { return }
        lastTold = now
        logger.warning(
            "All connections of this process are in use, further clients wait", metadata: ["connections": "\(limit)"])
    }
}
