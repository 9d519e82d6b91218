/// Facts about the caller, named as oslo.context's `to_policy_values()`: `user_id`, `project_id`, `roles`, `is_admin`,
/// `system_scope`, `domain_id`, `service_roles`, …
public typealias PolicyCredentials = PolicyTarget

/// A fact that a policy rule can compare. Comparison is always by ``text``.
public enum PolicyValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case string(String)
    /// Matches when any element matches.
    case list([String])
    /// What a dotted path (`token.project.id`) descends into.
    case dictionary([String: PolicyValue])

    /// The value as the policy language spells it, which is Python's spelling: `None`, `True`, `['a', 'b']`.
    var text: String {
        switch self {
        case .null: "None"
        case .bool(let value): value ? "True" : "False"
        case .string(let value): value
        case .list(let values): "[" + values.map { Self.quoted($0) }.joined(separator: ", ") + "]"
        case .dictionary(let values):
            "{"
                + values.sorted { $0.key < $1.key }.map { Self.quoted($0.key) + ": " + $0.value.quotedText }
                .joined(separator: ", ") + "}"
        }
    }

    private var quotedText: String {
        if case .string(let value) = self { Self.quoted(value) } else { text }
    }

    private static func quoted(_ text: String) -> String {
        text.contains("'") && !text.contains("\"") ? "\"\(text)\"" : "'\(text)'"
    }
}
