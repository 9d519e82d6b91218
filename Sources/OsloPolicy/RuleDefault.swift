/// One built-in rule.
public struct RuleDefault: Sendable {
    public var name: String
    /// Expression that holds with the new defaults.
    public var check: String
    /// Expression of the deprecated default, counted only without `enforce_new_defaults`.
    public var deprecatedCheck: String?
    /// What the rule guards, in our words, for the sample file.
    public var summary: String

    public init(_ name: String, _ check: String, deprecated: String? = nil, _ summary: String) {
        self.name = name
        self.check = check
        self.deprecatedCheck = deprecated
        self.summary = summary
    }
}
