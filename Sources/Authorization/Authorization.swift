public import Identity
public import ImageModel
public import Logging
public import OsloConfig
public import OsloPolicy

/// Who may do what: policies, visibility and ownership. Every service asks here and nowhere else.
///
/// Asks for rules by ``PolicyRule``; the enforcer, which would take any name, is not to be had from outside.
public struct Authorization: Sendable {
    private let enforcer: Enforcer
    /// `[oslo_policy] enforce_new_defaults`: the rules say who owns what, so the code has not to.
    private let enforcesNewDefaults: Bool

    public init(enforcer: Enforcer, enforcesNewDefaults: Bool) {
        self.enforcer = enforcer
        self.enforcesNewDefaults = enforcesNewDefaults
    }

    /// The built-in rules with the policy files of `[oslo_policy]` over them.
    ///
    /// - Throws: `PolicyError` when a file cannot be parsed or rules refer to each other in a circle.
    public init(
        configuration: Configuration, remoteCheck: RemoteCheck? = nil, logger: Logger
    ) throws(PolicyError) {
        typealias Policy = Options.OsloPolicy
        let enforcesNewDefaults = configuration[Policy.enforceNewDefaults]
        self.init(
            enforcer: try Enforcer(
                defaults: DefaultPolicies.rules, policyFiles: configuration.paths(of: configuration[Policy.policyFile]),
                policyDirectories: configuration[Policy.policyDirs].map { configuration.paths(of: $0) },
                enforceNewDefaults: enforcesNewDefaults, defaultRule: configuration[Policy.policyDefaultRule],
                remoteCheck: remoteCheck, logger: logger),
            enforcesNewDefaults: enforcesNewDefaults)
    }

    /// The caller that a validated token stands for; the rule `context_is_admin` says whether it is an administrator. All
    /// decisions about this caller are made by the policy files as they are now.
    ///
    /// - Parameter arrival: when the request came: changes of policy files from before count for it.
    public func caller(
        identity: AuthContext, requestID: String, token: String?, arrival: ContinuousClock.Instant = .now
    ) async -> Caller {
        let caller = Caller(
            identity: identity, project: identity.projectID, isAdmin: false, requestID: requestID, token: token,
            rules: await enforcer.rules(asOf: arrival))
        let isAdmin = await allows(.contextIsAdmin, on: caller.credentials, for: caller)
        return isAdmin ? caller.asAdministrator() : caller
    }

    /// Refuses changes by anonymous callers.
    public func requireWriter(_ caller: Caller) throws(AuthorizationError) {
        if caller.isReadOnly { throw .readOnly }
    }

    // MARK: - Policies

    /// What a policy says about a target that is not an image, or not one yet.
    public func allows(_ rule: PolicyRule, on target: PolicyTarget, for caller: Caller) async -> Bool {
        await enforcer.allows(rule.rawValue, target: target, credentials: caller.credentials, by: caller.rules)
    }

    /// What a policy of the operator's says that is none of Glance's own: one that property protections name.
    package func allows(policy name: String, for caller: Caller) async -> Bool {
        await enforcer.allows(name, target: [:], credentials: caller.credentials, by: caller.rules)
    }

    /// What a policy says about an image.
    public func allows(_ rule: PolicyRule, on image: Image, for caller: Caller) async -> Bool {
        await allows(rule, on: image.policyTarget(for: caller), for: caller)
    }

    /// Asks a policy about something that is not an image: the target is the caller's own project.
    public func enforce(_ rule: PolicyRule, for caller: Caller) async throws(AuthorizationError) {
        let target: PolicyTarget = ["project_id": caller.project.map { .string($0) } ?? .null]
        guard await allows(rule, on: target, for: caller) else { throw .refused(rule) }
    }

    /// Asks a policy about an image. Who may not even see it gets `imageNotFound` whatever was asked.
    public func enforce(_ rule: PolicyRule, on image: Image, for caller: Caller) async throws(AuthorizationError) {
        let target = image.policyTarget(for: caller)
        if await allows(rule, on: target, for: caller) { return }
        guard rule != .getImage, await allows(.getImage, on: target, for: caller) else {
            throw .imageNotFound(id: image.id)
        }
        throw .refused(rule)
    }

    /// Asks a policy that guards a change. Whatever it says, images of others are changed by administrators only.
    public func enforceMutation(
        _ rule: PolicyRule, on image: Image, for caller: Caller
    ) async throws(AuthorizationError) {
        try await enforce(rule, on: image, for: caller)
        if caller.isAdmin { return }
        guard let owner = image.owner, owner == caller.project else { throw .notOwner }
    }

    // MARK: - Images

    /// The image, if there is one and the caller can see it at all; policies are not asked yet.
    public func visible(_ image: Image?, id: String, to caller: Caller) throws(AuthorizationError) -> Image {
        guard let image, image.isVisible(toProject: caller.project, isAdmin: caller.isAdmin) else {
            throw .imageNotFound(id: id)
        }
        return image
    }

    /// Asks whether the caller may create an image with this owner and visibility.
    public func enforceCreation(
        owner: String?, visibility: Visibility?, for caller: Caller
    ) async throws(AuthorizationError) {
        let target: PolicyTarget = [
            "project_id": owner.map { .string($0) } ?? .null,
            "owner": owner.map { .string($0) } ?? .null,
            "visibility": .string((visibility ?? .private).rawValue),
        ]
        guard await allows(.addImage, on: target, for: caller) else {
            throw owner == caller.project ? .refused(.addImage) : .foreignOwner(owner)
        }
        if let visibility { try await enforceVisibility(visibility, on: target, for: caller) }
        if !enforcesNewDefaults, !caller.isAdmin, owner != caller.project { throw .foreignOwner(owner) }
    }

    /// Asks whether the caller may give an image that it can see a visibility.
    public func enforceVisibility(
        _ visibility: Visibility, on image: Image, for caller: Caller
    ) async throws(AuthorizationError) {
        try await enforce(.getImage, on: image, for: caller)
        try await enforceVisibility(visibility, on: image.policyTarget(for: caller), for: caller)
    }

    /// Public and community images need a permission of their own.
    private func enforceVisibility(
        _ visibility: Visibility, on target: PolicyTarget, for caller: Caller
    ) async throws(AuthorizationError) {
        let rule: PolicyRule
        switch visibility {
        case .public: rule = .publicizeImage
        case .community: rule = .communitizeImage
        case .shared, .private: return
        }
        guard await allows(rule, on: target, for: caller) else { throw .refused(rule) }
    }

    // MARK: - Members

    /// Asks a policy about an image's members, after `get_image`, whose refusal means `imageNotFound`.
    public func enforceMembers(
        _ rule: PolicyRule, of image: Image, for caller: Caller
    ) async throws(AuthorizationError) {
        try await enforce(.getImage, on: image, for: caller)
        guard await allows(rule, on: image, for: caller) else { throw .refused(rule) }
    }

    /// A condition that the new policy defaults contain and the old ones leave to the code.
    ///
    /// - Parameter action: what the caller wants to do, for the refusal.
    public func requireUnderOldDefaults(
        _ condition: Bool, to action: String, for caller: Caller
    ) throws(AuthorizationError) {
        if enforcesNewDefaults || caller.isAdmin || condition { return }
        throw .membersOfOthers(action: action)
    }

    /// Members of an image that the caller may know of: all for owner and administrators, only itself for a member.
    public func visibleMembers(of image: Image, to caller: Caller) -> [ImageMember] {
        if caller.isAdmin || image.owner == caller.project { return image.members }
        return image.members.filter { $0.project == caller.project }
    }
}
