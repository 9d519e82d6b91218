import NIOCore
import NIOHTTP1

/// Writes requests as a forward proxy wants them, `GET http://host/path` (absolute-form, RFC 9112, 3.2.2).
///
/// The client itself only knows tunnels (CONNECT), which proxies usually refuse for anything but TLS. So requests for
/// `http://` URLs are made to the proxy, with the real host in `Host`, and get their form on the way out.
final class AbsoluteFormHandler: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(var head) = unwrapOutboundIn(data), let host = head.headers.first(name: "Host") else {
            return context.write(data, promise: promise)
        }
        head.uri = "http://\(host)\(head.uri)"
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }

    /// Puts a handler into a new connection, right before the bytes are made.
    static func add(to channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
            try pipeline.addHandler(AbsoluteFormHandler(), position: .after(encoder))
        }
    }
}
