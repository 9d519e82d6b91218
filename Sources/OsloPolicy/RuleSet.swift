/// Every rule by name, with the references replaced by what they refer to: what decisions are made from.
public struct RuleSet: Sendable {
    private let checks: [String: Check]
    private let fallback: Check

    /// - Throws: ``PolicyError/cyclicReference(name:)``, ``PolicyError/badRule(name:reason:)`` when references nest too
    ///   deep.
    init(_ rules: [String: Check], defaultRule: String) throws(PolicyError) {
        var linker = Linker(rules: rules, defaultRule: defaultRule)
        for name in rules.keys.sorted() { _ = try linker.link(name) }
        checks = linker.linked.mapValues(\.check)
        fallback = checks[defaultRule] ?? .never
    }

    subscript(name: String) -> Check { checks[name] ?? fallback }
}

private struct Linker {
    /// A decision descends this deep at most.
    static let maximumDepth = 512

    let rules: [String: Check]
    let defaultRule: String
    var linked: [String: (check: Check, depth: Int)] = [:]
    private var open: Set<String> = []

    init(rules: [String: Check], defaultRule: String) {
        self.rules = rules
        self.defaultRule = defaultRule
    }

    /// The rule `name`, or the default rule for an unknown name, or what never holds if there is none.
    mutating func link(_ name: String) throws(PolicyError) -> (check: Check, depth: Int) {
        if let done = linked[name] { return done }
        guard let check = rules[name] else { return name == defaultRule ? (.never, 1) : try link(defaultRule) }
        guard open.insert(name).inserted else { throw .cyclicReference(name: name) }
        defer { open.remove(name) }
        let tooDeep = PolicyError.badRule(
            name: name, reason: "references nest more than \(Self.maximumDepth) deep")
        guard open.count <= Self.maximumDepth else { throw tooDeep }
        let result = try link(check)
        guard result.depth <= Self.maximumDepth else { throw tooDeep }
        linked[name] = result
        return result
    }

    private mutating func link(_ check: Check) throws(PolicyError) -> (check: Check, depth: Int) {
        switch check {
        case .reference(let name): return try link(name)
        case .not(let inner):
            let inner = try link(inner)
            return (.not(inner.check), inner.depth + 1)
        case .all(let checks):
            let inner = try link(checks)
            return (.all(inner.checks), inner.depth + 1)
        case .any(let checks):
            let inner = try link(checks)
            return (.any(inner.checks), inner.depth + 1)
        default: return (check, 1)
        }
    }

    private mutating func link(_ checks: [Check]) throws(PolicyError) -> (checks: [Check], depth: Int) {
        var result: [Check] = []
        var depth = 0
        for check in checks {
            let inner = try link(check)
            result.append(inner.check)
            depth = max(depth, inner.depth)
        }
        return (result, depth)
    }
}
