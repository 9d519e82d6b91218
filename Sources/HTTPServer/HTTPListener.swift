public import Hummingbird
public import Logging
public import NIOCore

/// Accepts connections on an inherited listening socket and answers them with a Hummingbird responder.
public final class HTTPListener<Responder: HTTPResponder>: Sendable where Responder.Context: InitializableFromRequestSource {
    /// - Parameter socket: listening descriptor; the listener owns it.
    public init(
        socket: Int32, options: HTTPListenerOptions, responder: Responder, eventLoopGroup: any EventLoopGroup,
        logger: Logger
    ) {
        fatalError("skeleton")
    }

    /// Serves until ``drain(timeout:)`` is done or the task is cancelled.
    public func run() async throws {}

    /// Stops accepting, closes idle connections, lets running requests finish (answering `Connection: close`), and cuts
    /// what is left after `timeout`.
    public func drain(timeout: Duration) async {}
}

/// `max_header_line`, `http_keepalive`, `client_socket_timeout`, `tcp_keepidle` of `[DEFAULT]`.
public struct HTTPListenerOptions: Sendable {
    /// Bytes of the longest accepted header block (431 beyond).
    public var maxHeaderLine = 16384
    /// Whether a connection serves more than one request.
    public var keepAlive = true
    /// Seconds without progress after which a connection is closed; 0 is never.
    public var clientSocketTimeout = 900
    /// Seconds of TCP_KEEPIDLE.
    public var tcpKeepIdle = 600

    public init() {}
}

/// Request contexts that our listener can make.
public protocol InitializableFromRequestSource: RequestContext where Source == HTTPRequestSource {}

/// What the listener knows about a request before any handler runs.
public struct HTTPRequestSource: RequestContextSource {
    public let logger: Logger
    /// Address of the client.
    public let remoteAddress: SocketAddress?

    public init(logger: Logger, remoteAddress: SocketAddress?) {
        self.logger = logger
        self.remoteAddress = remoteAddress
    }
}

/// A body writer that can hand a region of a file to `sendfile(2)`.
public protocol FileRegionWriter: ResponseBodyWriter {
    /// Sends `region` of the open file; returns when it was handed to the kernel. Does not close the descriptor.
    mutating func write(descriptor: Int32, region: Range<Int64>) async throws
}

extension ResponseBody {
    /// A body that is a region of an open file. The descriptor is closed when the body was sent or dropped.
    public static func file(descriptor: Int32, region: Range<Int64>) -> ResponseBody {
        fatalError("skeleton")
    }
}
