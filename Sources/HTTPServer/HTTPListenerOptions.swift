import Glibc

/// How connections are served: `backlog`, `max_header_line`, `http_keepalive`, `client_socket_timeout`,
/// `tcp_keepidle` and `worker_connections` of `[DEFAULT]`.
public struct HTTPListenerOptions: Sendable {
    /// Connections that the kernel queues until a worker accepts them, listen(2).
    public var backlog = 4096
    /// Bytes of the longest accepted header line (431 beyond). All lines together may have four times as many, and at
    /// least 64 KiB.
    public var maxHeaderLine = 16384
    /// Bytes of the longest accepted request target (414 beyond).
    public var maxRequestTarget = 8192
    /// Whether a connection serves more than one request.
    public var keepAlive = true
    /// Seconds without progress after which a connection is closed; 0 is never. The clock runs only while we wait for
    /// the client. A slow transfer that moves at all is never cut; a request's head must be whole within this time of its
    /// first byte, or it is answered with 408.
    public var clientSocketTimeout = 900
    /// Seconds of idleness after which the kernel probes whether the client is still there, tcp(7) `TCP_KEEPIDLE`.
    public var tcpKeepIdle = 600
    /// Connections that are open at the same time; 0 is without limit. Beyond it nothing is accepted until one is closed:
    /// clients wait in the kernel's queue, or are taken by another process that listens on the same socket.
    public var maxConnections = 0

    public init() {}

    /// How many connections a process with so many descriptors (RLIMIT_NOFILE) can have: each may need a second one for the
    /// file that it transfers, and some are for everything else.
    public static func connections(withDescriptors limit: Int) -> Int { max(8, (limit - 64) / 2) }

    /// Descriptors that this process may have open, getrlimit(2).
    public static var descriptorLimit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// Bytes of the longest accepted header block.
    var maxHeaderBlock: Int { max(65536, maxHeaderLine.multipliedReportingOverflow(by: 4).partialValue) }
}
