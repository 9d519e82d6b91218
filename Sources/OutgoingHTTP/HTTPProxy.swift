import FoundationEssentials
import TextCoding

/// A forward proxy.
public struct HTTPProxy: Sendable, Equatable {
    public var host: String
    public var port: Int
    /// User and password, where the proxy wants them.
    public var user: String?
    public var password: String?

    public init(host: String, port: Int, user: String? = nil, password: String? = nil) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
    }

    /// User and password as basic authentication wants them (RFC 7617).
    var login: String? {
        user.map { Base64.encode("\($0):\(password ?? "")".utf8) }
    }

    /// Reads `HOST:PORT` or `http://[USER:PASSWORD@]HOST[:PORT]`; nil if the text is neither.
    public init?(text: String) {
        let url = text.contains("://") ? text : "http://\(text)"
        guard let parts = URLComponents(string: url), parts.scheme?.lowercased() == "http", let host = parts.host,
            !host.isEmpty, parts.path.isEmpty || parts.path == "/"
        else { return nil }
        let port = parts.port ?? 80
        guard (1...65535).contains(port) else { return nil }
        self.init(host: host, port: port, user: parts.user, password: parts.password)
    }
}
