import OsloConfig

/// Says which files were read. A value that cannot be read has ended the check before.
struct ConfigurationCheck: Check {
    let name = CheckName.configuration
    let configuration: Configuration

    func run() async -> [Finding] {
        if configuration.files.isEmpty {
            return [.warning("no configuration file was found; every option has its default")]
        }
        return [.success("read from \(configuration.files.joined(separator: ", "))")]
            + configuration.notices.map { .success($0) }
    }
}

/// What the loader of the configuration noticed about options, by kind.
struct FindingsCheck: Check {
    let name: CheckName
    private let findings: [Finding]

    init(
        _ name: CheckName, _ kinds: Set<ConfigurationFinding.Kind>, _ configuration: Configuration, none: String
    ) {
        self.name = name
        let warnings = configuration.findings.filter { kinds.contains($0.kind) }.map { Finding.warning($0.text) }
        findings = warnings.isEmpty ? [.success(none)] : warnings
    }

    func run() async -> [Finding] { findings }
}

/// Defaults that were others in Zed. They are worth a warning where the configuration is as old as that.
struct ChangedDefaultsCheck: Check {
    let name = CheckName.changedDefaults
    let configuration: Configuration

    func run() async -> [Finding] {
        let changes = configuration.changedDefaults
        if changes.isEmpty { return [.success("every option whose default has changed since Zed is set")] }
        // Only Zed and older releases have read these options.
        let isOld = configuration.findings.contains { $0.kind == .removed }
        return changes.map { isOld ? .warning($0) : .success($0) }
    }
}
