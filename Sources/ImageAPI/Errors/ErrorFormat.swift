import HTTPTypes

/// The form of an error body, chosen by `Accept` the way WebOb chooses among `text/html` and `application/json`.
enum ErrorFormat: Sendable, Equatable {
    case html
    case json
    /// Where the client takes neither of the others, or sent no `Accept`.
    case plain

    /// - Parameter accept: value of the header; nil when there is none.
    init(accept: String?) {
        guard let accept else {
            self = .plain
            return
        }
        switch accept {
        // What curl, browsers and the OpenStack clients send, without any parsing.
        case "*/*": self = .html
        case "application/json": self = .json
        default: self = Self.negotiate(accept)
        }
    }

    private static func negotiate(_ accept: String) -> ErrorFormat {
        var ranges: [MediaRange] = []
        for element in accept.utf8.split(separator: UInt8(ascii: ",")) {
            let text = trim(Substring(element))
            if text.isEmpty { continue }
            // A header that does not parse counts as none of our business: anything is acceptable (WebOb's AcceptInvalid).
            guard let range = MediaRange(text) else { return .html }
            ranges.append(range)
        }
        let html = quality("text", "html", in: ranges)
        let json = quality("application", "json", in: ranges)
        if html == 0 && json == 0 { return .plain }
        return json > html ? .json : .html
    }

    /// Quality of a type by the most specific range that names it (RFC 9110, section 12.5.1), in thousandths.
    private static func quality(_ type: String, _ subtype: String, in ranges: [MediaRange]) -> Int {
        let matching = ranges.filter { $0.matches(type, subtype) }
        guard let specificity = matching.map(\.specificity).max() else { return 0 }
        return matching.last { $0.specificity == specificity }?.quality ?? 0
    }

    fileprivate static func trim(_ text: Substring) -> Substring {
        var text = text
        while let first = text.utf8.first, first == 0x20 || first == 0x09 { text = text.dropFirst() }
        while let last = text.utf8.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
        return text
    }
}

/// One element of `Accept`.
private struct MediaRange {
    var type: String
    var subtype: String
    /// Ranges with parameters match no offer of ours.
    var hasParameters = false
    /// 0 to 1000.
    var quality = 1000

    var specificity: Int { type == "*" ? 0 : subtype == "*" ? 1 : 2 }

    func matches(_ type: String, _ subtype: String) -> Bool {
        guard !hasParameters else { return false }
        return (self.type == "*" && self.subtype == "*")
            || (self.type == type && (self.subtype == subtype || self.subtype == "*"))
    }

    /// - Returns: nil when the text is not a media range.
    init?(_ text: Substring) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        guard let range = parts.first else { return nil }
        let names = ErrorFormat.trim(range).split(separator: "/", omittingEmptySubsequences: false)
        guard names.count == 2, !names[0].isEmpty, !names[1].isEmpty else { return nil }
        type = names[0].lowercased()
        subtype = names[1].lowercased()
        for parameter in parts.dropFirst() {
            let pair = ErrorFormat.trim(parameter).split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { return nil }
            if pair[0].lowercased() == "q" {
                guard let value = Double(pair[1]), (0...1).contains(value) else { return nil }
                quality = Int(value * 1000)
                break
            }
            hasParameters = true
        }
    }
}
