extension Options.Default {
    public static let executorThreadPoolSize = Option<Int>(
        .noMeaning("Glance serves no RPC"), group, "executor_thread_pool_size", default: 64,
        oldNames: ["rpc_thread_pool_size"],
        help: "Threads that serve RPC calls.")

    public static let rpcResponseTimeout = Option<Int>(
        .noMeaning("Glance makes no RPC calls"), group, "rpc_response_timeout", default: 60,
        help: "Seconds to wait for the answer to an RPC call.")

    public static let transportUrl = Option<String>(
        .honoured, group, "transport_url", default: "rabbit://", secret: true,
        help: "URL of the message broker.")

    public static let controlExchange = Option<String>(
        .honoured, group, "control_exchange", default: "glance",
        help: "Exchange that messages go to.")

    public static let rpcPingEnabled = Option<Bool>(
        .noMeaning("Glance serves no RPC"), group, "rpc_ping_enabled", default: false,
        help: "Answers RPC pings.")

    static var messagingOptions: [OptionDeclaration] {
        [
            executorThreadPoolSize.declaration, rpcResponseTimeout.declaration, transportUrl.declaration,
            controlExchange.declaration, rpcPingEnabled.declaration,
        ]
    }
}
