import TextCoding

/// Where notifications go: `rabbit://user:password@host:port,user:password@host2:port/virtual-host?ssl=1`.
///
/// The rules are those of oslo.messaging: each host has credentials of its own, names and passwords are percent-encoded, a
/// URL without hosts means `guest` on localhost, and a missing virtual host is `/`.
public struct TransportURL: Sendable, Equatable {
    /// One broker.
    public struct Host: Sendable, Equatable {
        public var name: String
        public var port: Int
        public var user: String
        public var password: String
    }

    /// `rabbit`, or another name that the operator wrote.
    public var scheme: String
    /// In the order of the URL; never empty. oslo.messaging shuffles them once before it tries them.
    public var hosts: [Host]
    public var virtualHost: String
    /// Options of `[oslo_messaging_rabbit]` that hold for this URL only.
    public var query: [String: String]

    /// The port that brokers listen on where the URL names none.
    public static let defaultPort = 5672

    /// Reads the value of `transport_url`.
    ///
    /// - Throws: ``TransportURLError``, which never holds any part of the text, as that has passwords in it.
    public init(_ text: String) throws(TransportURLError) {
        guard let separator = text.firstRange(of: "://"), separator.lowerBound > text.startIndex else {
            throw .noScheme
        }
        scheme = text[..<separator.lowerBound].lowercased()
        // As urlparse does: a fragment, a query, and what comes after the first slash.
        let whole = text[separator.upperBound...].prefix { $0 != "#" }
        let beforeQuery = whole.prefix { $0 != "?" }
        let authority = beforeQuery.prefix { $0 != "/" }
        let path = beforeQuery.dropFirst(authority.count + 1)
        guard let virtualHost = PercentEncoding.decode(path.utf8) else { throw .notUTF8 }
        self.virtualHost = virtualHost.isEmpty ? "/" : virtualHost
        query = [:]
        for pair in whole.dropFirst(beforeQuery.count + 1).split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty else { continue }
            guard let name = PercentEncoding.decode(parts[0].utf8, plusIsBlank: true),
                let value = PercentEncoding.decode(parts[1].utf8, plusIsBlank: true)
            else { throw .notUTF8 }
            query[name] = query[name].map { $0 + "," + value } ?? value
        }
        hosts = []
        for part in authority.split(separator: ",") { hosts.append(try Self.host(part)) }
        if hosts.isEmpty {
            hosts = [Host(name: "localhost", port: Self.defaultPort, user: "guest", password: "guest")]
        }
    }

    private static func host(_ text: Substring) throws(TransportURLError) -> Host {
        var address = text
        var user = "guest"
        var password = "guest"
        if let at = text.lastIndex(of: "@") {
            address = text[text.index(after: at)...]
            let credentials = text[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(credentials[0].utf8) else { throw .notUTF8 }
            if !name.isEmpty { user = name }
            if credentials.count == 2 {
                guard let decoded = PercentEncoding.decode(credentials[1].utf8) else { throw .notUTF8 }
                password = decoded
            }
        }
        let (name, port) = try split(address)
        return Host(name: name.isEmpty ? "localhost" : String(name), port: port, user: user, password: password)
    }

    /// Name and port; an IPv6 address stands in brackets when a port follows it.
    private static func split(_ address: Substring) throws(TransportURLError) -> (Substring, Int) {
        if address.first == "[" {
            guard let end = address.firstIndex(of: "]") else { throw .bracket }
            let rest = address[address.index(after: end)...]
            let name = address[address.index(after: address.startIndex)..<end]
            if rest.isEmpty { return (name, defaultPort) }
            guard rest.first == ":" else { throw .bracket }
            return (name, try port(rest.dropFirst()))
        }
        let parts = address.split(separator: ":", omittingEmptySubsequences: false)
        switch parts.count {
        case 2: return (parts[0], try port(parts[1]))
        default: return (address, defaultPort)
        }
    }

    private static func port(_ text: Substring) throws(TransportURLError) -> Int {
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), let port = Int(text), (1...65535).contains(port) else {
            throw .port
        }
        return port
    }
}
