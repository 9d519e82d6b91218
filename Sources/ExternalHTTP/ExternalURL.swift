import FoundationEssentials
import TextCoding

/// An absolute `http://` or `https://` URL, taken apart once: what is checked is what is connected to and sent.
public struct ExternalURL: Sendable, Equatable, CustomStringConvertible {
    public static let schemes: Set<String> = ["http", "https"]

    public let scheme: String
    public let host: ExternalHost
    /// The effective port, also where the URL names none.
    public let port: Int
    /// Path and query, ready to be sent.
    let target: String
    /// Value of the header `Authorization` (RFC 7617) for the URL's user and password.
    private(set) var authorization: String?

    /// Nil unless the text is an http or https URL whose host is an ``ExternalHost``.
    public init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        scheme = text[..<colon].lowercased()
        let rest = text[text.index(after: colon)...]
        guard Self.schemes.contains(scheme), rest.hasPrefix("//") else { return nil }
        var authority = rest.dropFirst(2).prefix { !"/?#".contains($0) }
        target = Self.target(String(rest.dropFirst(2 + authority.count).prefix { $0 != "#" }))
        if let at = authority.lastIndex(of: "@") {
            authorization = Self.authorization(authority[..<at])
            authority = authority[authority.index(after: at)...]
        }
        let hostEnd =
            authority.hasPrefix("[")
            ? authority.firstIndex(of: "]").map(authority.index(after:)) : authority.firstIndex(of: ":")
        guard authority.utf8.allSatisfy({ $0 < 0x80 }),
            let host = ExternalHost(String(authority[..<(hostEnd ?? authority.endIndex)])),
            let port = Self.port(authority[(hostEnd ?? authority.endIndex)...], scheme)
        else { return nil }
        self.host = host
        self.port = port
    }

    /// Scheme, host and port only: paths and queries can hold signatures.
    public var description: String { origin }

    /// The whole URL without user and password.
    var text: String { "\(scheme)://\(authority)\(target)" }

    /// Host and port as the header `Host` has them.
    var authority: String { port == Self.defaultPort(scheme) ? host.urlText : "\(host.urlText):\(port)" }

    /// Two URLs of the same origin lead to the same server (RFC 6454).
    var origin: String { "\(scheme)://\(host.urlText):\(port)" }

    /// Where a redirect leads; nil if that is no such URL. User and password go along only to the same origin, and none
    /// are taken from the redirect.
    ///
    /// - Parameter location: the header `Location`, which may be relative (RFC 9110, 10.2.2).
    func redirected(to location: String) -> ExternalURL? {
        guard let absolute = URL(string: location, relativeTo: URL(string: text))?.absoluteString,
            var next = ExternalURL(absolute)
        else { return nil }
        next.authorization = next.origin == origin ? authorization : nil
        return next
    }

    private static func defaultPort(_ scheme: String) -> Int { scheme == "https" ? 443 : 80 }

    /// Reads what follows the host, such as `:8080`.
    private static func port(_ text: Substring, _ scheme: String) -> Int? {
        guard text.isEmpty || text.hasPrefix(":") else { return nil }
        let digits = text.dropFirst()
        if digits.isEmpty { return defaultPort(scheme) }
        guard digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let number = UInt16(digits),
            number > 0
        else { return nil }
        return Int(number)
    }

    private static func authorization(_ login: Substring) -> String {
        let parts = login.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            .map { PercentEncoding.bytes($0.utf8) }
        return "Basic " + Base64.encode(parts[0] + [UInt8(ascii: ":")] + (parts.count > 1 ? parts[1] : []))
    }

    private static func target(_ text: String) -> String {
        (text.hasPrefix("/") ? "" : "/") + PercentEncoding.encode(pathAndQuery: text)
    }
}
