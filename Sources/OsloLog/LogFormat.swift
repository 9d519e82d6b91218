/// A Python format such as `%(asctime)s.%(msecs)03d %(message)s`, taken apart once.
struct LogFormat: Sendable, Equatable {
    enum Part: Sendable, Equatable {
        case text(String)
        case field(name: String, width: Int, leftAligned: Bool, zeroPadded: Bool)
    }

    let parts: [Part]
    /// What each part stands for; nil for a text.
    private let fields: [LogField?]

    /// What is no placeholder stands for itself.
    init(_ format: String) {
        var parts: [Part] = []
        var text = ""
        var rest = format[...]
        while let percent = rest.firstIndex(of: "%") {
            text += rest[..<percent]
            rest = rest[rest.index(after: percent)...]
            if rest.first == "%" {
                text += "%"
                rest = rest.dropFirst()
            } else if let field = Self.field(&rest) {
                if !text.isEmpty { parts.append(.text(text)) }
                text = ""
                parts.append(field)
            } else {
                text += "%"
            }
        }
        text += rest
        if !text.isEmpty { parts.append(.text(text)) }
        self.parts = parts
        fields = parts.map { if case .field(let name, _, _, _) = $0 { LogField(name) } else { nil } }
    }

    /// `(name)`, flags, width, precision and type; taken off the front of `rest`.
    private static func field(_ rest: inout Substring) -> Part? {
        guard rest.first == "(", let close = rest.firstIndex(of: ")") else { return nil }
        let name = String(rest[rest.index(after: rest.startIndex)..<close])
        var tail = rest[rest.index(after: close)...]
        let flags = tail.prefix { "-+ #0".contains($0) }
        tail = tail[flags.endIndex...]
        let width = tail.prefix { $0.isASCII && $0.isNumber }
        tail = tail[width.endIndex...]
        if tail.first == "." { tail = tail.dropFirst().drop { $0.isASCII && $0.isNumber } }
        guard let type = tail.first, "sdifrx".contains(type) else { return nil }
        rest = tail.dropFirst()
        return .field(
            name: name, width: min(Int(width) ?? 0, 256), leftAligned: flags.contains("-"),
            zeroPadded: flags.contains("0"))
    }

    /// The text with every field replaced by its value.
    func render(_ value: (LogField) -> String) -> String {
        var result = ""
        result.reserveCapacity(512)
        for (part, field) in zip(parts, fields) {
            switch part {
            case .text(let text): result += text
            case .field(_, let width, let leftAligned, let zeroPadded):
                guard let field else { continue }
                let text = value(field)
                if width == 0 {
                    result += text
                    continue
                }
                let padding = String(
                    repeating: zeroPadded && !leftAligned ? "0" : " ", count: max(0, width - text.count))
                result += leftAligned ? text + padding : padding + text
            }
        }
        return result
    }
}
