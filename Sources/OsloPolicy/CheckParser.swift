/// Reads the policy language: `not` binds closer than `and`, `and` closer than `or`, in any case of letters.
///
/// Source: oslo.policy documentation, "Policy Rule Expressions".
struct CheckParser {
    /// Deeper nesting than anybody writes, and far from what a thread's stack can hold.
    static let maximumDepth = 64

    private enum Token: Equatable {
        case open, close, and, or, not
        case check(String)
    }

    private var tokens: ArraySlice<Token>
    private var depth = 0

    /// The tree of one expression. An empty one always holds.
    static func parse(_ expression: String) throws(RuleFault) -> Check {
        if expression.isEmpty { return .always }
        var parser = CheckParser(tokens: tokenize(expression)[...])
        let check = try parser.disjunction()
        if let extra = parser.tokens.first { throw unexpected(extra) }
        return check
    }

    /// The tree of the old list form: any of the inner lists, of each all checks. An inner list of one check may be
    /// written as the check alone, an empty one counts for nothing.
    static func parse(list: [[String]]) throws(RuleFault) -> Check {
        if list.isEmpty { return .always }
        var alternatives: [Check] = []
        for inner in list where !inner.isEmpty {
            var checks: [Check] = []
            for text in inner { checks.append(try single(text)) }
            alternatives.append(checks.count == 1 ? checks[0] : .all(checks))
        }
        return alternatives.count == 1 ? alternatives[0] : .any(alternatives)
    }

    private mutating func disjunction() throws(RuleFault) -> Check {
        var checks = [try conjunction()]
        while tokens.first == .or {
            tokens.removeFirst()
            checks.append(try conjunction())
        }
        return checks.count == 1 ? checks[0] : .any(checks)
    }

    private mutating func conjunction() throws(RuleFault) -> Check {
        var checks = [try operand()]
        while tokens.first == .and {
            tokens.removeFirst()
            checks.append(try operand())
        }
        return checks.count == 1 ? checks[0] : .all(checks)
    }

    private mutating func operand() throws(RuleFault) -> Check {
        guard let token = tokens.popFirst() else { throw RuleFault("the expression ends where a check must follow") }
        if case .check(let text) = token { return try Self.single(text) }
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw RuleFault("nested more than \(Self.maximumDepth) deep") }
        switch token {
        case .not:
            return .not(try operand())
        case .open:
            let check = try disjunction()
            guard let end = tokens.popFirst() else { throw RuleFault("a parenthesis isn't closed") }
            guard end == .close else { throw Self.unexpected(end) }
            return check
        default:
            throw Self.unexpected(token)
        }
    }

    private static func unexpected(_ token: Token) -> RuleFault {
        let name =
            switch token {
            case .open: "("
            case .close: ")"
            case .and: "and"
            case .or: "or"
            case .not: "not"
            case .check(let text): text
            }
        return RuleFault("unexpected \"\(name)\"")
    }

    /// Words between white space; parentheses count only at the ends of a word, because `%(name)s` holds some too.
    private static func tokenize(_ expression: String) -> [Token] {
        var tokens: [Token] = []
        for word in expression.split(whereSeparator: \.isWhitespace) {
            let start = word.drop { $0 == "(" }
            tokens += repeatElement(.open, count: word.count - start.count)
            let closing = start.reversed().prefix { $0 == ")" }.count
            let text = String(start.dropLast(closing))
            switch text.lowercased() {
            case "": break
            case "and": tokens.append(.and)
            case "or": tokens.append(.or)
            case "not": tokens.append(.not)
            default: tokens.append(.check(text))
            }
            tokens += repeatElement(.close, count: closing)
        }
        return tokens
    }

    /// One `kind:match`, `@` or `!`.
    private static func single(_ text: String) throws(RuleFault) -> Check {
        if text == "@" { return .always }
        if text == "!" { return .never }
        guard let colon = text.firstIndex(of: ":") else { throw RuleFault("\"\(text)\" isn't a check (kind:value)") }
        let kind = text[..<colon]
        let match = String(text[colon...].dropFirst())
        switch kind {
        case "": throw RuleFault("\"\(text)\" has nothing before the colon")
        case "rule": return .reference(match)
        case "role": return .role(try MatchTemplate(match))
        case "http", "https": return .remote(try MatchTemplate(text))
        default:
            let template = try MatchTemplate(match)
            if let literal = try literal(kind) { return .literal(literal, template) }
            return .credential(kind.split(separator: ".", omittingEmptySubsequences: false).map(String.init), template)
        }
    }

    /// The text of a literal on the left side, nil when it is a name.
    private static func literal(_ kind: Substring) throws(RuleFault) -> String? {
        if let quote = kind.first, quote == "'" || quote == "\"" {
            let inner = kind.dropFirst().dropLast()
            guard kind.count >= 2, kind.last == quote, !inner.contains(where: { $0 == quote || $0 == "\\" }) else {
                throw RuleFault("\(kind) isn't a quoted text (without quotes, backslashes, colons and blanks in it)")
            }
            return String(inner)
        }
        if ["None", "True", "False"].contains(kind) { return String(kind) }
        guard let first = kind.first(where: { $0 != "-" }), first.isASCII, first.isNumber else { return nil }
        if let number = Int(kind) { return String(number) }
        if let number = Double(kind) { return String(number) }
        throw RuleFault("\(kind) is neither a number nor a name")
    }
}
