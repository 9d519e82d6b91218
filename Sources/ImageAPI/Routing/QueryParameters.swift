import Hummingbird
import TextCoding

/// The query of a request, decoded as a form: in order, repeated names kept, `+` is a blank.
struct QueryParameters: Sendable {
    let entries: [(name: String, value: String)]

    /// - Throws: ``APIError`` 400 when percent-encoding does not decode to UTF-8.
    init(_ query: String?) throws(APIError) {
        var entries: [(name: String, value: String)] = []
        for pair in (query ?? "").utf8.split(separator: UInt8(ascii: "&")) {
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            let value = pair.dropFirst(name.count + 1)
            guard let name = PercentEncoding.decode(name, plusIsBlank: true),
                let value = PercentEncoding.decode(value, plusIsBlank: true)
            else { throw .undecodableURL }
            entries.append((name, value))
        }
        self.entries = entries
    }

    /// The last value of a name: what Glance takes where only one makes sense.
    subscript(name: String) -> String? {
        entries.last { $0.name == name }?.value
    }

    /// All values of a name in their order.
    func all(_ name: String) -> [String] {
        entries.compactMap { $0.name == name ? $0.value : nil }
    }
}

extension Request {
    /// The decoded query.
    ///
    /// - Throws: ``APIError`` 400 when percent-encoding does not decode to UTF-8.
    func query() throws(APIError) -> QueryParameters {
        try QueryParameters(uri.query)
    }
}

extension APIError {
    /// 400 for a path or query that is not percent-encoded UTF-8 without zero characters.
    static var undecodableURL: APIError {
        .badRequest("The URL contains characters that are not percent-encoded UTF-8, or zero characters.")
    }
}
