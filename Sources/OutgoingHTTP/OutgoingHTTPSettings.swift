/// How a kind of servers is talked to.
public struct OutgoingHTTPSettings: Sendable, Equatable {
    /// For making a connection, TLS included.
    public var connectTimeout: Duration = .seconds(10)
    /// A server that neither takes nor sends anything for so long is given up; nil waits for ever. Requests may have a
    /// shorter one.
    public var idleTimeout: Duration? = .seconds(60)
    /// Connections to one server at a time; further requests wait for one.
    public var connectionsPerServer = 8
    /// How long a connection that nobody uses is kept.
    public var unusedTimeout: Duration = .seconds(60)
    /// The proxy for the URLs of a scheme, `http` or `https`.
    public var proxies: [String: HTTPProxy] = [:]
    /// Addresses to connect to instead of what the name server says, by lower-case names. `Host`, SNI and the check of the
    /// certificate keep the name.
    public var addresses: [String: String] = [:]

    public init() {}
}
