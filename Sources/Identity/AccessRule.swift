/// What an application credential is restricted to.
///
/// Source: Identity API v3, "Application credentials", access rules.
struct AccessRule: Sendable, Equatable, Decodable {
    var service: String
    var method: String
    /// `{name}` and `*` stand for one segment, `**` for anything.
    var path: String

    func allows(service: String, method: String, path: String) -> Bool {
        self.service == service && self.method == method && Self.matches(path, pattern: self.path)
    }

    private enum Part: Equatable {
        case literal(UInt8)
        /// One byte or more, without a slash.
        case segment
        case anything
    }

    /// Whether `path` is one that `pattern` describes. Time grows with the product of both lengths, whatever they are.
    static func matches(_ path: String, pattern: String) -> Bool {
        let parts = parts(of: pattern)
        // reached[i]: the path so far can be what the first i parts describe; inside[i]: part i, a segment, has begun.
        var reached = [Bool](repeating: false, count: parts.count + 1)
        reached[0] = true
        func close(_ reached: inout [Bool]) {
            for (index, part) in parts.enumerated() where part == .anything && reached[index] {
                reached[index + 1] = true
            }
        }
        close(&reached)
        var inside = [Bool](repeating: false, count: parts.count)
        for byte in path.utf8 {
            var next = [Bool](repeating: false, count: parts.count + 1)
            var nextInside = [Bool](repeating: false, count: parts.count)
            for (index, part) in parts.enumerated() where reached[index] || inside[index] {
                switch part {
                case .literal(let wanted):
                    if byte == wanted { next[index + 1] = true }
                case .anything:
                    next[index] = true
                case .segment:
                    if byte != UInt8(ascii: "/") {
                        nextInside[index] = true
                        next[index + 1] = true
                    }
                }
            }
            close(&next)
            (reached, inside) = (next, nextInside)
        }
        return reached[parts.count]
    }

    private static func parts(of pattern: String) -> [Part] {
        var parts: [Part] = []
        var rest = Substring(pattern)
        while let first = rest.first {
            if first == "{", let end = rest.firstIndex(of: "}") {
                parts.append(.segment)
                rest = rest[end...].dropFirst()
            } else if rest.hasPrefix("**") {
                parts.append(.anything)
                rest = rest.dropFirst(2)
            } else {
                parts += first == "*" ? [.segment] : first.utf8.map { .literal($0) }
                rest = rest.dropFirst()
            }
        }
        return parts
    }
}
