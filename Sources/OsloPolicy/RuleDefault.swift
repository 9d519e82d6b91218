/// One built-in rule.
public struct RuleDefault: Sendable {
    public var name: String
    /// Expression that holds with the new defaults.
    public var check: String
    /// Expression of the deprecated default, counted only without `enforce_new_defaults`.
    public var deprecatedCheck: String?
    /// Scopes of the tokens that the rule can let pass, whatever the rule or a policy file says; empty for any.
    public var scopes: Set<TokenScope>
    /// What the rule guards, in our words, for the sample file.
    public var summary: String

    public init(
        _ name: String, _ check: String, deprecated: String? = nil, scopes: Set<TokenScope> = [], _ summary: String
    ) {
        self.name = name
        self.check = check
        self.deprecatedCheck = deprecated
        self.scopes = scopes
        self.summary = summary
    }
}
