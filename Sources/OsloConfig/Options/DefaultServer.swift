extension Options.Default {
    public static let bindHost = Option<String>(
        .honoured, group, "bind_host", default: "0.0.0.0", type: .host,
        help: "x")

    public static let bindPort = Option<Int>(
        .honoured, group, "bind_port", default: 9292, type: .port,
        help: "x")

    public static let workers = Option<Int?>(
        .honoured, group, "workers", default: nil,
        help: "x")

    public static let backlog = Option<Int>(
        .honoured, group, "backlog", default: 4096,
        help: "x")

    public static let tcpKeepidle = Option<Int>(
        .honoured, group, "tcp_keepidle", default: 600,
        help: "x")

    public static let maxHeaderLine = Option<Int>(
        .honoured, group, "max_header_line", default: 16384,
        help: "x")

    public static let httpKeepalive = Option<Bool>(
        .honoured, group, "http_keepalive", default: true,
        help: "x")

    public static let clientSocketTimeout = Option<Int>(
        .honoured, group, "client_socket_timeout", default: 900,
        help: "x")

    public static let gracefulShutdownTimeout = Option<Int>(
        .honoured, group, "graceful_shutdown_timeout", default: 60, mutable: true,
        help: "x")

    static var serverOptions: [OptionDeclaration] {
        [
            bindHost.declaration, bindPort.declaration, workers.declaration, backlog.declaration,
            tcpKeepidle.declaration, maxHeaderLine.declaration, httpKeepalive.declaration,
            clientSocketTimeout.declaration, gracefulShutdownTimeout.declaration,
        ]
    }
}
