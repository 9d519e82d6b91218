import Dispatch
import Glibc
import Scoreboard
import UpgradeCheck

extension GlanceAPI {
    /// `--check-config`: prints what was found, one line each, and ends with 0 if a start would succeed and requests be
    /// answered, otherwise with the status of the worst failure.
    func checkConfiguration() throws -> Never {
        let check = UpgradeCheck(sources)
        Task {
            let report = await check.run()
            print(report.text, terminator: "")
            fflush(nil)
            Glibc.exit(Self.exitStatus(of: report)?.rawValue ?? 0)
        }
        dispatchMain()
    }

    /// A wrong configuration goes before a wrong store, and that before the surroundings; nil without a failure.
    private static func exitStatus(of report: CheckReport) -> ExitStatus? {
        let failures = report.failures
        if failures.isEmpty { return nil }
        if !failures.isDisjoint(with: [.configuration, .optionValues, .pipeline, .policy]) {
            return .configFileValueError
        }
        return failures.contains(.stores) ? .badStoreConfiguration : .runtimeError
    }
}
