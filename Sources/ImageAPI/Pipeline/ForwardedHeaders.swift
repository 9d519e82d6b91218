import HTTPTypes
import NIOCore

/// What proxies say about a request: `Forwarded` (RFC 7239), or else the `X-Forwarded-*` headers. All of them are lists in
/// which each proxy appends what it saw, so the first element is what the client's own proxy saw.
struct ForwardedHeaders: Equatable {
    var scheme: String?
    var host: String?
    /// Empty, or begins with a slash and ends without one.
    var prefix = ""
    /// Who sent the request to each proxy, the nearest to the client first: as written, so perhaps no address.
    var senders: [String] = []

    init(_ headers: HTTPFields) {
        let forwarded = headers[values: .forwarded]
        if forwarded.isEmpty {
            scheme = Self.first(headers[values: .forwardedProto])
            host = Self.first(headers[values: .forwardedHost])
            senders = Self.list(headers[values: .forwardedFor])
        } else {
            // What only a later proxy has said still holds: scheme and host are those of the first that has said any.
            for element in forwarded.flatMap({ Self.split($0, at: ",") }) {
                for pair in Self.split(element, at: ";") {
                    let parts = pair.split(separator: "=", maxSplits: 1)
                    guard parts.count == 2 else { continue }
                    let value = Self.unquote(parts[1])
                    guard !value.isEmpty else { continue }
                    switch Self.trim(parts[0]).lowercased() {
                    case "proto": scheme = scheme ?? value
                    case "host": host = host ?? value
                    case "for": senders.append(value)
                    default: break
                    }
                }
            }
        }
        if var path = Self.first(headers[values: .forwardedPrefix]) {
            while path.hasSuffix("/") { path.removeLast() }
            prefix = path
        }
    }

    /// The client's address: the last sender that is no proxy of ours. Everything in front of it a client can have made up.
    ///
    /// - Returns: nil when no sender is an address.
    func client(behind proxies: [AddressRange]) -> String? {
        var client: String?
        for sender in senders.reversed() {
            guard let address = Self.address(sender) else { break }
            client = address.ipAddress
            guard proxies.contains(where: { $0.contains(address) }) else { break }
        }
        return client
    }

    /// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
    private static func address(_ sender: String) -> SocketAddress? {
        var text = Substring(sender)
        if text.first == "[" {
            text = text.dropFirst().prefix { $0 != "]" }
        } else if text.utf8.filter({ $0 == UInt8(ascii: ":") }).count == 1 {
            text = text.prefix { $0 != ":" }
        }
        return try? SocketAddress(ipAddress: String(text), port: 0)
    }

    private static func list(_ values: [String]) -> [String] {
        values.flatMap { $0.split(separator: ",") }.map { String(trim($0)) }.filter { !$0.isEmpty }
    }

    private static func first(_ values: [String]) -> String? { list(values).first }

    /// Splits where the separator is not quoted.
    private static func split(_ text: some StringProtocol, at separator: Character) -> [Substring] {
        var isQuoted = false
        var isEscaped = false
        return Substring(text).split { character in
            if isEscaped {
                isEscaped = false
                return false
            }
            if character == "\"" { isQuoted.toggle() }
            if character == "\\" && isQuoted { isEscaped = true }
            return character == separator && !isQuoted
        }
    }

    private static func unquote(_ value: Substring) -> String {
        let value = trim(value)
        guard value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return String(value) }
        return value.dropFirst().dropLast().filter { $0 != "\\" }
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " || text.first == "\t" { text = text.dropFirst() }
        while text.last == " " || text.last == "\t" { text = text.dropLast() }
        return text
    }
}

extension HTTPField.Name {
    static let forwarded = HTTPField.Name("Forwarded")!
    static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
    static let forwardedProto = HTTPField.Name("X-Forwarded-Proto")!
    static let forwardedHost = HTTPField.Name("X-Forwarded-Host")!
    static let forwardedPrefix = HTTPField.Name("X-Forwarded-Prefix")!
}
