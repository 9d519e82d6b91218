import OsloConfig
import UnifiedLimits

/// Whether Keystone has a registered limit for everything that is limited, where unified limits are in use.
struct RegisteredLimitsCheck: Check {
    let name = CheckName.limits
    let configuration: Configuration

    func run() async -> [Finding] {
        guard configuration[Options.Default.useKeystoneLimits] else {
            return [.success("use_keystone_limits is off; quotas are those of the configuration")]
        }
        do {
            let missing = try await LimitsCheck(configuration: configuration, logger: .silent).run()
            return missing.isEmpty ? [.success("every registered limit is there")] : missing.map { .warning($0) }
        } catch let error as ConfigurationError {
            return [.failure("\(error)", .configFileValueError)]
        } catch {
            return [.failure("\(error)")]
        }
    }
}
