public import Logging
public import OsloConfig
public import OsloPolicy

extension Enforcer {
    /// The built-in rules with the policy files of `[oslo_policy]` over them.
    ///
    /// - Throws: `PolicyError` when a file cannot be parsed or rules refer to each other in a circle.
    public convenience init(
        configuration: Configuration, remoteCheck: RemoteCheck? = nil, logger: Logger
    ) throws(PolicyError) {
        typealias Policy = Options.OsloPolicy
        try self.init(
            defaults: DefaultPolicies.rules, policyFiles: configuration.paths(of: configuration[Policy.policyFile]),
            policyDirectories: configuration[Policy.policyDirs].map { configuration.paths(of: $0) },
            enforceNewDefaults: configuration[Policy.enforceNewDefaults],
            defaultRule: configuration[Policy.policyDefaultRule], remoteCheck: remoteCheck, logger: logger)
    }
}
