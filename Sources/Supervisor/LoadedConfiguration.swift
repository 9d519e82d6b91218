/// What a reading of the configuration has come to.
public struct LoadedConfiguration: Sendable {
    public var settings: SupervisorSettings
    /// What children get in place of the files on disk, until a later reading is accepted: see
    /// ``SupervisedProcess/configuration``.
    public var childConfiguration: [UInt8]

    public init(settings: SupervisorSettings, childConfiguration: [UInt8]) {
        self.settings = settings
        self.childConfiguration = childConfiguration
    }
}
