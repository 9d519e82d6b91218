public import Identity
public import OsloPolicy

/// Who asks for an operation, in the terms that policies and visibility need. One value per request, which goes from stage to
/// stage: copies share what does not change.
public struct Caller: Sendable {
    fileprivate final class Facts: Sendable {
        let identity: AuthContext?
        let project: String?
        let isAdmin: Bool
        let isReadOnly: Bool
        let token: String?
        let rules: RuleSet?

        init(
            _ identity: AuthContext?, _ project: String?, isAdmin: Bool, isReadOnly: Bool, _ token: String?,
            _ rules: RuleSet?
        ) {
            self.identity = identity
            self.project = project
            self.isAdmin = isAdmin
            self.isReadOnly = isReadOnly
            self.token = token
            self.rules = rules
        }
    }

    private let facts: Facts
    public var requestID: String

    /// Facts of the token; nil for anonymous callers and in pipelines without authentication.
    public var identity: AuthContext? { facts.identity }
    /// Project that owns what the caller creates.
    public var project: String? { facts.project }
    /// The policy rule `context_is_admin` holds (or the pipeline has no authentication).
    public var isAdmin: Bool { facts.isAdmin }
    /// Anonymous callers may read only (`allow_anonymous_access`).
    public var isReadOnly: Bool { facts.isReadOnly }
    /// The user's token, for calls to other services on the user's behalf. Never logged.
    public var token: String? { facts.token }
    /// The rules when the request came: a list decides about each of its images, and the policy files are looked at once.
    /// nil reads them at each decision.
    var rules: RuleSet? { facts.rules }
    /// What policy rules see of the caller (oslo.context, `to_policy_values`).
    public var credentials: PolicyCredentials { facts.credentials }

    /// Who is not known yet, or not at all, and may do nothing but read.
    public static let anonymous = Caller(
        identity: nil, project: nil, isAdmin: false, isReadOnly: true, requestID: "")

    public init(
        identity: AuthContext?, project: String?, isAdmin: Bool, isReadOnly: Bool = false, requestID: String,
        token: String? = nil
    ) {
        self.init(
            identity: identity, project: project, isAdmin: isAdmin, isReadOnly: isReadOnly, requestID: requestID,
            token: token, rules: nil)
    }

    init(
        identity: AuthContext?, project: String?, isAdmin: Bool, isReadOnly: Bool = false, requestID: String,
        token: String?, rules: RuleSet?
    ) {
        facts = Facts(identity, project, isAdmin: isAdmin, isReadOnly: isReadOnly, token, rules)
        self.requestID = requestID
    }

    private init(_ facts: Facts, requestID: String) {
        self.facts = facts
        self.requestID = requestID
    }

    /// The same as an administrator.
    func asAdministrator() -> Caller {
        Caller(
            Facts(
                facts.identity, facts.project, isAdmin: true, isReadOnly: facts.isReadOnly, facts.token, facts.rules),
            requestID: requestID)
    }
}

extension Caller.Facts {
    private static let credentialNames = [
        "user_id", "user", "user_domain_id", "system_scope", "domain_id", "project_id", "tenant", "project_domain_id",
        "roles", "is_admin", "is_admin_project", "service_user_id", "service_user_domain_id", "service_project_id",
        "service_project_domain_id", "service_roles",
    ]

    /// What policy rules see of the caller. They ask for two or three of these, so none is there before it is asked for.
    var credentials: PolicyCredentials {
        PolicyCredentials(names: { Self.credentialNames }, fact: { self.credential($0) })
    }

    /// A pipeline without authentication makes everybody an administrator, so the role `admin` is added where there is no
    /// identity to say otherwise.
    private func credential(_ name: String) -> PolicyValue? {
        func text(_ value: String?) -> PolicyValue { value.map { .string($0) } ?? .null }
        return switch name {
        case "roles": .list(identity?.roles ?? (isAdmin ? ["admin"] : []))
        case "project_id", "tenant": text(project)
        case "system_scope": text(identity?.systemScope)
        case "domain_id": text(identity?.domainID)
        case "is_admin": .bool(isAdmin)
        case "user_id", "user": text(identity?.userID)
        case "user_domain_id": text(identity?.userDomainID)
        case "project_domain_id": text(identity?.projectDomainID)
        case "is_admin_project": .bool(identity?.isAdminProject ?? true)
        case "service_user_id": text(identity?.service?.userID)
        case "service_user_domain_id": text(identity?.service?.userDomainID)
        case "service_project_id": text(identity?.service?.projectID)
        case "service_project_domain_id": text(identity?.service?.projectDomainID)
        case "service_roles": .list(identity?.service?.roles ?? [])
        default: nil
        }
    }
}
