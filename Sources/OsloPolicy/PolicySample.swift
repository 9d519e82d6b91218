/// The sample policy file, rendered from built-in rules: each with what it guards and its expression, commented out.
public struct PolicySample: Sendable {
    /// The whole file, YAML that sets nothing.
    public let text: String

    public init(_ rules: [RuleDefault]) {
        text =
            """
            # Who may do what: the built-in rules of the image service. To change one, copy its line into
            # /etc/glance/policy.yaml or a file in /etc/glance/policy.d ([oslo_policy] policy_file, policy_dirs),
            # without the # before it. Changes count at once, without a reload.
            #
            # Where an expression "without enforce_new_defaults" is named, it allows the operation as well as long as
            # [oslo_policy] enforce_new_defaults is off and no file overrides the rule.
            #
            # Whatever a file says, a token for the system or a domain passes none of the rules but the first five,
            # which are there to be named in others.

            """ + rules.map(Self.text).joined()
    }

    private static func text(_ rule: RuleDefault) -> String {
        var lines = ["", "# \(rule.summary)"]
        if let check = rule.deprecatedCheck { lines.append("# Without enforce_new_defaults: \"\(check)\"") }
        // Expressions have single quotes at most, so that they can stand as they are.
        lines.append("#\"\(rule.name)\": \"\(rule.check)\"")
        return lines.map { $0 + "\n" }.joined()
    }
}
