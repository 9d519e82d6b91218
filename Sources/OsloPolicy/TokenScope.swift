/// What a token was issued for (oslo.policy documentation, "Policies and scope types").
public enum TokenScope: Sendable {
    /// All of the deployment.
    case system
    case domain
    /// One project; tokens without any scope count as such too.
    case project

    init(_ credentials: PolicyCredentials) {
        if Self.isSet(credentials["system"]) || Self.isSet(credentials["system_scope"]) {
            self = .system
        } else if Self.isSet(credentials["domain_id"]) {
            self = .domain
        } else {
            self = .project
        }
    }

    private static func isSet(_ value: PolicyValue?) -> Bool {
        switch value {
        case nil, .null, .bool(false), .string(""): false
        default: true
        }
    }
}
