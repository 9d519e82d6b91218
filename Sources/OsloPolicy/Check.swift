/// A parsed expression. Once linked (``RuleSet``) it holds no ``reference(_:)``: the rules it refers to are shared in
/// place, so that a decision walks one tree and looks nothing up.
indirect enum Check: Sendable, Equatable {
    case always
    case never
    case not(Check)
    case all([Check])
    case any([Check])
    /// `rule:name`
    case reference(String)
    /// `role:name`
    case role(MatchTemplate)
    /// `a.b:value`, the left side being a path into the credentials.
    case credential([String], MatchTemplate)
    /// `'text':value`, also `True`, `None` and numbers.
    case literal(String, MatchTemplate)
    /// `http://…` or `https://…`
    case remote(MatchTemplate)

    /// Whether the check holds.
    ///
    /// - Throws: ``RemoteQuestion`` when the decision hangs on a remote server whose answer isn't in `facts` yet.
    func holds(_ facts: PolicyFacts) throws(RemoteQuestion) -> Bool {
        switch self {
        case .always: return true
        case .never, .reference: return false
        case .not(let check): return try !check.holds(facts)
        case .all(let checks):
            for check in checks where try !check.holds(facts) { return false }
            return true
        case .any(let checks):
            for check in checks where try check.holds(facts) { return true }
            return false
        case .role(let template):
            guard case .list(let roles)? = facts.credentials["roles"], let wanted = template.filled(from: facts.target)
            else { return false }
            return roles.contains { $0 == wanted || $0.lowercased() == wanted.lowercased() }
        case .credential(let path, let template):
            return template.filled(from: facts.target).map { facts.holdsCredential(path, $0) } ?? false
        case .literal(let text, let template):
            return template.filled(from: facts.target) == text
        case .remote(let template):
            guard let url = template.filled(from: facts.target) else { return false }
            guard let answer = facts.answers[url] else { throw RemoteQuestion(url: url) }
            return answer
        }
    }
}

/// A remote check whose answer a decision needs.
struct RemoteQuestion: Error {
    var url: String
}

/// What one decision is made from.
struct PolicyFacts {
    var target: PolicyTarget
    var credentials: PolicyCredentials
    /// Answers of remote servers so far, by address.
    var answers: [String: Bool] = [:]

    /// Whether the credential at `path` (never empty) is spelled `text`; of a list any element may be.
    func holdsCredential(_ path: [String], _ text: String) -> Bool {
        // Old rules name the system scope by the shorter word.
        let first = path[0] == "system" && credentials["system"] == nil ? "system_scope" : path[0]
        guard var value = credentials[first] else { return false }
        for key in path.dropFirst() {
            guard case .dictionary(let values) = value, let next = values[key] else { return false }
            value = next
        }
        switch value {
        case .string(let value): return value == text
        case .list(let values): return values.contains(text)
        default: return value.text == text
        }
    }
}
