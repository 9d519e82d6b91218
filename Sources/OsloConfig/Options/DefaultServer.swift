extension Options.Default {
    public static let bindHost = Option<String>(
        .honoured, group, "bind_host", default: "0.0.0.0", type: .host,
        help: "Address that the API listens on; :: takes IPv4 and IPv6.")

    public static let bindPort = Option<Int>(
        .honoured, group, "bind_port", default: 9292, type: .port,
        help: "Port that the API listens on.")

    public static let workers = Option<Int?>(
        .honoured, group, "workers", default: nil, minimum: 0,
        help: """
            Number of worker processes; without it one for each processor, but at most 8. 0 serves with a \
            single one.
            """)

    public static let backlog = Option<Int>(
        .honoured, group, "backlog", default: 4096, minimum: 1,
        help: "Connections that may wait to be accepted.")

    public static let workerConnections = Option<Int?>(
        .honoured, group, "worker_connections", default: nil, minimum: 0,
        help: """
            Connections that one worker process has at the same time; further clients wait in the queue (see backlog), \
            or are taken by another worker. Without it about half of the descriptors that the process may have open \
            (RLIMIT_NOFILE, LimitNOFILE= of systemd); 0 is without limit. Not in Glance.
            """)

    public static let tcpKeepidle = Option<Int>(
        .honoured, group, "tcp_keepidle", default: 600, minimum: 1,
        help: "Seconds without traffic after which TCP checks whether a client is still there.")

    public static let maxHeaderLine = Option<Int>(
        .honoured, group, "max_header_line", default: 16384, minimum: 0,
        help: "Longest line of a request's head in bytes. Tokens with large catalogs need more.")

    public static let httpKeepalive = Option<Bool>(
        .honoured, group, "http_keepalive", default: true,
        help: "Lets a client send further requests over its connection.")

    public static let clientSocketTimeout = Option<Int>(
        .honoured, group, "client_socket_timeout", default: 900, minimum: 0,
        help: """
            Seconds without a byte from or to a client after which its connection is closed, and within which the head \
            of a request has to be whole; 0 waits without end.
            """)

    public static let gracefulShutdownTimeout = Option<Int>(
        .honoured, group, "graceful_shutdown_timeout", default: 60, minimum: 0, mutable: true,
        help: "Seconds that transfers have to finish when the service stops; 0 waits without end.")

    static var serverOptions: [OptionDeclaration] {
        [
            bindHost.declaration, bindPort.declaration, workers.declaration, backlog.declaration,
            workerConnections.declaration,
            tcpKeepidle.declaration, maxHeaderLine.declaration, httpKeepalive.declaration,
            clientSocketTimeout.declaration, gracefulShutdownTimeout.declaration,
        ]
    }
}
