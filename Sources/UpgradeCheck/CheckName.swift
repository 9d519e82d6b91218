/// What is checked; the raw value is what operators read.
public enum CheckName: String, Sendable, CaseIterable {
    case configuration = "Configuration"
    case unknownOptions = "Unknown options"
    case removedOptions = "Removed options"
    case changedDefaults = "Changed defaults"
    case unsupportedOptions = "Unsupported options"
    case deprecatedOptions = "Deprecated options"
    case optionValues = "Option values"
    case pipeline = "Pipeline"
    case policy = "Policy"
    case filePermissions = "File permissions"
    case log = "Log"
    case database = "Database"
    case keystone = "Keystone"
    case tokenCache = "Token cache"
    case stores = "Stores"
    case locations = "Locations"
    case limits = "Limits"

    /// In the order in which a start meets what is wrong. What it bears, and requests do not, comes last.
    static let startOrder: [CheckName] = [
        .configuration, .log, .pipeline, .database, .stores, .policy, .optionValues, .keystone, .tokenCache, .limits,
    ]
}
