/// How soon a session, ours or another, notices that the other end is gone or that somebody holds what it waits for.
///
/// Our own end is set up by libpq's parameters, the server's by its settings (PostgreSQL documentation, "Connection Control
/// Functions", "Client Connection Defaults" and "TCP Settings"). And that a statement is planned once, not each time that it
/// runs: ours have plans that are good for any parameters (ListPlanTests), and planning a list takes longer than running it. Nor
/// is a plan compiled: that takes longer than any statement of ours should, and is done whether or not a part is ever run.
struct PostgresSessionSettings: Sendable {
    /// Parameters of the connection; those of the URL come after them and count instead.
    let parameters: [DatabaseURL.Parameter]
    /// What a new session runs. It leaves alone what the URL, the role or the database has set already, and what the server
    /// does not know.
    let statement: String

    init(_ options: DatabaseOptions) {
        var settings = [(name: "plan_cache_mode", value: "force_generic_plan"), (name: "jit", value: "off")]
        if options.idleTransactionTimeout > 0 {
            settings.append(("idle_in_transaction_session_timeout", "\(options.idleTransactionTimeout)s"))
        }
        if options.lockTimeout > 0 { settings.append(("lock_timeout", "\(options.lockTimeout)s")) }
        if options.tcpUserTimeout > 0 {
            // An idle connection: the first probe after the time, then as many as fit into it once more.
            let (idle, interval, count) = (options.tcpUserTimeout, max(1, options.tcpUserTimeout / 3), 3)
            parameters = [
                .init(keyword: "tcp_user_timeout", value: String(options.tcpUserTimeout * 1000)),
                .init(keyword: "keepalives_idle", value: String(idle)),
                .init(keyword: "keepalives_interval", value: String(interval)),
                .init(keyword: "keepalives_count", value: String(count)),
            ]
            settings += [
                ("tcp_user_timeout", "\(options.tcpUserTimeout)s"), ("tcp_keepalives_idle", String(idle)),
                ("tcp_keepalives_interval", String(interval)), ("tcp_keepalives_count", String(count)),
            ]
        } else {
            parameters = []
        }
        let rows = settings.map { "('\($0.name)', '\($0.value)')" }.joined(separator: ", ")
        statement = """
            SELECT set_config(s.name, v.value, false) FROM (VALUES \(rows)) AS v (name, value) \
            JOIN pg_settings s ON s.name = v.name WHERE s.source IN ('default', 'configuration file', 'command line')
            """
    }
}
