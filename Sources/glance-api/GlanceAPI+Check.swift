import Dispatch
import Glibc
import Scoreboard
import UpgradeCheck

extension GlanceAPI {
    /// `--check-config`: prints what was found, one line each, and ends with 0 if a start would succeed and requests be
    /// answered, otherwise with the status with which a start would end.
    func checkConfiguration() throws -> Never {
        let check = UpgradeCheck(sources)
        Task {
            let report = await check.run()
            print(report.text, terminator: "")
            fflush(nil)
            Glibc.exit(report.startStatus?.rawValue ?? 0)
        }
        dispatchMain()
    }
}
