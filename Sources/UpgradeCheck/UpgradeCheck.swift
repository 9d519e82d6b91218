public import OsloConfig

/// Looks at a configuration and its surroundings before a start or an upgrade.
public struct UpgradeCheck: Sendable {
    private let configuration: Configuration

    public init(configuration: Configuration) {
        self.configuration = configuration
    }
}
