import Authorization
import Glibc
import OsloConfig
import Scoreboard

/// The policy files, together with the built-in rules.
struct PolicyCheck: Check {
    let name = CheckName.policy
    let failureStatus = ExitStatus.configFileValueError
    let configuration: Configuration

    func run() async -> [Finding] {
        let file = configuration.path(of: configuration[Options.OsloPolicy.policyFile])
        do {
            _ = try Authorization(configuration: configuration, logger: .silent)
        } catch {
            return [.failure("\(error)")]
        }
        if access(file, F_OK) == 0 { return [.success("the rules of \(file) are in order")] }
        if let old = oldFile {
            return [
                .warning(
                    "\(old) is not read any more: convert it to policy.yaml (oslopolicy-convert-json-to-yaml), or name it in "
                        + "[oslo_policy] policy_file")
            ]
        }
        return [.success("\(file) does not exist; the built-in rules hold")]
    }

    /// Zed still took a `policy.json` where `policy.yaml` is missing.
    private var oldFile: String? {
        guard configuration[Options.OsloPolicy.policyFile] == "policy.yaml" else { return nil }
        let path = configuration.path(of: "policy.json")
        return access(path, F_OK) == 0 ? path : nil
    }
}
