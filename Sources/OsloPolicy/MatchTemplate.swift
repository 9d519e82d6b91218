/// The right side of a check: text in which `%(name)s` stands for a field of the target, and `%%` for a percent sign.
struct MatchTemplate: Sendable, Equatable {
    enum Part: Sendable, Equatable {
        case text(String)
        case field(String)
    }

    let parts: [Part]

    init(_ text: String) throws(RuleFault) {
        var parts: [Part] = []
        var literal = ""
        var rest = Substring(text)
        while let percent = rest.firstIndex(of: "%") {
            literal += rest[..<percent]
            rest = rest[percent...].dropFirst()
            if rest.first == "%" {
                literal += "%"
                rest = rest.dropFirst()
            } else if rest.first == "(", let end = rest.firstIndex(of: ")"), rest[end...].hasPrefix(")s") {
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = ""
                parts.append(.field(String(rest[..<end].dropFirst())))
                rest = rest[end...].dropFirst(2)
            } else {
                throw RuleFault("after % in \"\(text)\" comes neither (name)s nor another %")
            }
        }
        literal += rest
        if !literal.isEmpty || parts.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    /// The text with the target's fields, or nil when the target lacks one. The usual template, a single part, costs
    /// no allocation.
    func filled(from target: PolicyTarget) -> String? {
        if parts.count == 1 { return Self.text(of: parts[0], in: target) }
        var result = ""
        for part in parts {
            guard let text = Self.text(of: part, in: target) else { return nil }
            result += text
        }
        return result
    }

    private static func text(of part: Part, in target: PolicyTarget) -> String? {
        switch part {
        case .text(let text): text
        case .field(let name): target[name]?.text
        }
    }
}
