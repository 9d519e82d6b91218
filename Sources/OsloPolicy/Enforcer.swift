public import Logging

/// Decides with oslo.policy's language whether a caller may do something.
///
/// Source: oslo.policy documentation, "Policy language"; `spec` of Glance's default rules.
public final class Enforcer: Sendable {
    /// - Parameters:
    ///   - defaults: the rules built into the service.
    ///   - policyFile: absolute path of the override file; it need not exist.
    ///   - policyDirectories: directories of further files, read in sorted order.
    ///   - enforceNewDefaults: when false each rule also passes by its deprecated default.
    ///   - remoteCheck: performs `http:` and `https:` checks; nil makes them fail.
    /// - Throws: ``PolicyError`` when a file cannot be parsed or rules refer to each other in a circle.
    public init(
        defaults: [RuleDefault], policyFile: String?, policyDirectories: [String], enforceNewDefaults: Bool,
        defaultRule: String = "default", remoteCheck: RemoteCheck? = nil, logger: Logger
    ) throws {
        fatalError("skeleton")
    }

    /// Whether `rule` lets `credentials` act on `target`. Reads changed files before it decides; a file that became
    /// unreadable or wrong keeps the last good rules and is logged.
    public func allows(_ rule: String, target: PolicyTarget, credentials: PolicyCredentials) async -> Bool {
        fatalError("skeleton")
    }
}

/// Asks a remote server: POST of target and credentials, true when it answers `True`.
public typealias RemoteCheck =
    @Sendable (_ url: String, _ rule: String, _ target: PolicyTarget, _ credentials: PolicyCredentials) async throws -> Bool

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

/// Facts about the object; a missing key makes a check that names it false.
public typealias PolicyTarget = [String: PolicyValue]
/// Facts about the caller, named as oslo.context's `to_policy_values()`: `user_id`, `project_id`, `roles`, `is_admin`,
/// `system_scope`, `domain_id`, `service_roles`, …
public typealias PolicyCredentials = [String: PolicyValue]

public enum PolicyValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case string(String)
    case list([String])
}

public enum PolicyError: Error, Sendable {
    /// File, and what is wrong with it.
    case badFile(path: String, reason: String)
    case badRule(name: String, reason: String)
    case cyclicReference(name: String)
}
