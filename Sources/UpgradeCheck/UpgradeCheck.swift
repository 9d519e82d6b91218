import Logging
public import OsloConfig
import OsloLog

/// Looks at a configuration and at what it names, before a start or an upgrade: `glance-status upgrade check` and
/// `glance-api --check-config`.
///
/// Nothing is changed by it: no directory, table or file comes into being, so any user may run it beside a service at work.
public struct UpgradeCheck: Sendable {
    private let sources: ConfigurationSources
    /// What one check may take.
    var timeLimit: Duration = .seconds(5)
    /// Whom files have to let in.
    var user: ServiceUser = .current

    /// - Parameter sources: what `glance-api` would read.
    public init(_ sources: ConfigurationSources) {
        self.sources = sources
    }

    /// Runs all checks side by side.
    public func run() async -> CheckReport {
        let configuration: Configuration
        do {
            configuration = try Configuration.load(sources)
        } catch {
            return CheckReport(
                results: ([error.description] + error.others).map {
                    CheckResult(
                        check: .configuration, outcome: .failure, details: $0, status: .configFileValueError)
                })
        }
        let checks = checks(of: configuration)
        let findings = await withTaskGroup(of: (CheckName, [Finding]).self) { group in
            for check in checks { group.addTask { (check.name, await check.run(for: timeLimit)) } }
            return await group.reduce(into: [CheckName: [Finding]]()) { $0[$1.0] = $1.1 }
        }
        let statuses = Dictionary(checks.map { ($0.name, $0.failureStatus) }, uniquingKeysWith: { first, _ in first })
        let redaction = Redaction(secrets: configuration.secrets)
        return CheckReport(
            results: CheckName.allCases.flatMap { name in
                (findings[name] ?? []).map {
                    CheckResult(
                        check: name, outcome: $0.outcome, details: redaction(Self.oneLine($0.details)),
                        status: $0.outcome == .failure ? $0.status ?? statuses[name] : nil)
                }
            })
    }

    private func checks(of configuration: Configuration) -> [any Check] {
        [
            ConfigurationCheck(configuration: configuration),
            FindingsCheck(.unknownOptions, [.unknown], configuration, none: "none"),
            FindingsCheck(.removedOptions, [.removed], configuration, none: "none"),
            FindingsCheck(
                .unsupportedOptions, [.notHonoured, .withoutMeaning], configuration,
                none: "every option that is set has effect"),
            FindingsCheck(.deprecatedOptions, [.deprecated], configuration, none: "none"),
            ChangedDefaultsCheck(configuration: configuration),
            OptionValuesCheck(configuration: configuration),
            PipelineCheck(configuration: configuration),
            PolicyCheck(configuration: configuration),
            FilePermissionsCheck(configuration: configuration),
            LogCheck(configuration: configuration, user: user),
            DatabaseCheck(configuration: configuration),
            KeystoneCheck(configuration: configuration),
            TokenCacheCheck(configuration: configuration),
            StoresCheck(configuration: configuration, user: user),
            LocationsCheck(configuration: configuration),
            RegisteredLimitsCheck(configuration: configuration),
        ]
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}

extension Logger {
    /// What a check has to say stands in its result.
    static let silent = Logger(label: "glance.check", factory: { _ in SwiftLogNoOpLogHandler() })
}
