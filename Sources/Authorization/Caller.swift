public import Identity
public import OsloPolicy

/// Who asks for an operation, in the terms that policies and visibility need. One value per request.
public struct Caller: Sendable {
    /// Facts of the token; nil for anonymous callers and in pipelines without authentication.
    public let identity: AuthContext?
    /// Project that owns what the caller creates.
    public let project: String?
    /// The policy rule `context_is_admin` holds (or the pipeline has no authentication).
    public internal(set) var isAdmin: Bool {
        didSet { if isAdmin != oldValue { credentials["is_admin"] = .bool(isAdmin) } }
    }
    /// Anonymous callers may read only (`allow_anonymous_access`).
    public let isReadOnly: Bool
    public var requestID: String
    /// The user's token, for calls to other services on the user's behalf. Never logged.
    public let token: String?
    /// The rules when the request came: a list decides about each of its images, and the policy files are looked at once.
    /// nil reads them at each decision.
    var rules: RuleSet?
    /// What policy rules see of the caller (oslo.context, `to_policy_values`).
    public private(set) var credentials: PolicyCredentials

    public init(
        identity: AuthContext?, project: String?, isAdmin: Bool, isReadOnly: Bool = false, requestID: String,
        token: String? = nil
    ) {
        self.identity = identity
        self.project = project
        self.isAdmin = isAdmin
        self.isReadOnly = isReadOnly
        self.requestID = requestID
        self.token = token
        self.credentials = Self.credentials(identity: identity, project: project, isAdmin: isAdmin)
    }

    /// What policy rules see of a caller. A pipeline without authentication makes everybody an administrator, so the
    /// role `admin` is added where there is no identity to say otherwise.
    private static func credentials(identity: AuthContext?, project: String?, isAdmin: Bool) -> PolicyCredentials {
        func text(_ value: String?) -> PolicyValue { value.map { .string($0) } ?? .null }
        let roles = identity?.roles ?? (isAdmin ? ["admin"] : [])
        return [
            "user_id": text(identity?.userID),
            "user": text(identity?.userID),
            "user_domain_id": text(identity?.userDomainID),
            "system_scope": text(identity?.systemScope),
            "domain_id": text(identity?.domainID),
            "project_id": text(project),
            "tenant": text(project),
            "project_domain_id": text(identity?.projectDomainID),
            "roles": .list(roles),
            "is_admin": .bool(isAdmin),
            "is_admin_project": .bool(identity?.isAdminProject ?? true),
            "service_user_id": text(identity?.service?.userID),
            "service_user_domain_id": text(identity?.service?.userDomainID),
            "service_project_id": text(identity?.service?.projectID),
            "service_project_domain_id": text(identity?.service?.projectDomainID),
            "service_roles": .list(identity?.service?.roles ?? []),
        ]
    }
}
