import TextCoding

/// Passwords inside URLs such as `postgresql://glance:secret@db/glance`.
enum URLPassword {
    /// The password of every URL in `text`, as written and with its percent escapes resolved.
    static func spellings(in text: String) -> [String] {
        var result: [String] = []
        var rest = text[...]
        while let scheme = rest.firstRange(of: "://") {
            rest = rest[scheme.upperBound...]
            let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" && !$0.isWhitespace }
            guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else {
                continue
            }
            let password = authority[authority.index(after: colon)..<at]
            if password.isEmpty { continue }
            result.append(String(password))
            let decoded = String(decoding: PercentEncoding.bytes(password.utf8), as: UTF8.self)
            if decoded != password { result.append(decoded) }
        }
        return result
    }
}
