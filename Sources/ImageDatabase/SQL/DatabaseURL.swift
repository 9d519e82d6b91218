import TextCoding

/// A database URL in SQLAlchemy's syntax: `dialect[+driver]://user:password@host:port/database?key=value`.
///
/// Source: SQLAlchemy documentation, "Database URLs" and "PostgreSQL: specifying multiple fallback hosts".
enum DatabaseURL: Equatable {
    /// Keyword and value pairs as libpq takes them.
    case postgreSQL([Parameter])
    /// Path of the file.
    case sqlite(String)

    struct Parameter: Equatable {
        var keyword: String
        var value: String
    }

    /// - Parameter extra: more query parameters (`[database] connection_parameters`), such as `a=b&c=d`.
    /// - Throws: ``DatabaseError/unsupportedURL(_:)`` without any part of the URL that could be secret.
    init(_ url: String, extra: String = "") throws(DatabaseError) {
        guard let schemeEnd = url.firstRange(of: "://") else {
            throw .unsupportedURL("the database URL has no scheme; it begins with postgresql:// or sqlite:///")
        }
        let scheme = url[..<schemeEnd.lowerBound].lowercased()
        let (rest, query) = Self.split(url[schemeEnd.upperBound...], at: "?")
        var pairs = try Self.pairs(query ?? "")
        pairs += try Self.pairs(extra[...])
        switch scheme.split(separator: "+", maxSplits: 1).first.map(String.init) ?? "" {
        case "postgresql", "postgres":
            self = .postgreSQL(try Self.postgreSQL(rest, pairs))
        case "sqlite":
            // sqlite:///relative and sqlite:////absolute; before the first slash there is a host, always empty.
            guard rest.hasPrefix("/"), rest.count > 1, rest != "/:memory:" else {
                throw .unsupportedURL(
                    "sqlite:// needs the path of a file, as in sqlite:////var/lib/glance/glance.sqlite")
            }
            self = .sqlite(String(rest.dropFirst()))
        case "mysql", "mariadb":
            throw .unsupportedURL("\(scheme)://: MySQL and MariaDB are not supported; use PostgreSQL or SQLite")
        default:
            throw .unsupportedURL("\(scheme)://: no driver for this database; use PostgreSQL or SQLite")
        }
    }

    private static func postgreSQL(
        _ rest: Substring, _ pairs: [Parameter]
    ) throws(DatabaseError) -> [Parameter] {
        let (authority, path) = split(rest, at: "/")
        var parameters: [Parameter] = []
        var hosts = authority
        if let at = authority.lastIndex(of: "@") {
            let (user, password) = split(authority[..<at], at: ":")
            hosts = authority[authority.index(after: at)...]
            if !user.isEmpty { parameters.append(.init(keyword: "user", value: try decode(user))) }
            if let password { parameters.append(.init(keyword: "password", value: try decode(password))) }
        }
        var (names, ports): ([String], [String]) = ([], [])
        for host in hosts.split(separator: ",") {
            let (name, port) = try hostAndPort(host)
            names.append(name)
            ports.append(port)
        }
        var others: [Parameter] = []
        for pair in pairs {
            switch pair.keyword {
            case "host":
                for host in pair.value.split(separator: ",") {
                    let (name, port) = host.hasPrefix("/") ? (String(host), "") : try hostAndPort(host)
                    names.append(name)
                    ports.append(port)
                }
            case "port":
                // One port for all hosts, or one for each, replacing what stood with the hosts.
                ports = pair.value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            default:
                others.append(pair)
            }
        }
        if !names.isEmpty { parameters.append(.init(keyword: "host", value: names.joined(separator: ","))) }
        if ports.contains(where: { !$0.isEmpty }) {
            parameters.append(.init(keyword: "port", value: ports.joined(separator: ",")))
        }
        if let path, !path.isEmpty { parameters.append(.init(keyword: "dbname", value: String(path))) }
        return parameters + others
    }

    /// `name`, `name:port`, `[address]` or `[address]:port`.
    private static func hostAndPort(_ text: Substring) throws(DatabaseError) -> (String, String) {
        var name = text
        var port: Substring = ""
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            name = text[text.index(after: text.startIndex)..<end]
            let tail = text[text.index(after: end)...]
            if tail.hasPrefix(":") { port = tail.dropFirst() }
        } else if let colon = text.lastIndex(of: ":") {
            name = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard port.isEmpty || UInt16(port) != nil else {
            throw .unsupportedURL("postgresql://: the port in the database URL is not a number")
        }
        return (try decode(name), String(port))
    }

    private static func pairs(_ query: Substring) throws(DatabaseError) -> [Parameter] {
        var result: [Parameter] = []
        for pair in query.split(separator: "&") {
            let (key, value) = split(pair, at: "=")
            result.append(.init(keyword: try decode(key, plus: true), value: try decode(value ?? "", plus: true)))
        }
        return result
    }

    private static func split(_ text: Substring, at separator: Character) -> (Substring, Substring?) {
        guard let index = text.firstIndex(of: separator) else { return (text, nil) }
        return (text[..<index], text[text.index(after: index)...])
    }

    /// Percent-decodes; in a query `+` is a blank.
    private static func decode(_ text: Substring, plus: Bool = false) throws(DatabaseError) -> String {
        guard let decoded = PercentEncoding.decode(text.utf8, plusIsBlank: plus) else {
            throw .unsupportedURL("the database URL holds percent-encoded bytes that are not text")
        }
        return decoded
    }
}
