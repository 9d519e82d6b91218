/// Facts about the object, or the caller; a missing one makes a check that names it false.
public struct PolicyTarget: Sendable, ExpressibleByDictionaryLiteral {
    private let names: @Sendable () -> [String]
    private let fact: @Sendable (String) -> PolicyValue?

    /// A target whose facts are made when a rule asks for them, which is seldom more than two of many.
    ///
    /// - Parameters:
    ///   - names: of all facts; only a remote check wants to know.
    ///   - fact: the fact of a name, nil if there is none.
    public init(names: @escaping @Sendable () -> [String], fact: @escaping @Sendable (String) -> PolicyValue?) {
        self.names = names
        self.fact = fact
    }

    public init(_ facts: [String: PolicyValue]) {
        self.init(names: { Array(facts.keys) }, fact: { facts[$0] })
    }

    public init(dictionaryLiteral elements: (String, PolicyValue)...) {
        self.init(Dictionary(elements) { _, last in last })
    }

    public subscript(name: String) -> PolicyValue? { fact(name) }

    /// All facts.
    var facts: [String: PolicyValue] {
        names().reduce(into: [:]) { $0[$1] = fact($1) }
    }
}
