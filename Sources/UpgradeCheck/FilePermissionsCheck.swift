import Glibc
import OsloConfig

/// Who may read secrets, and who may rewrite what the service obeys.
struct FilePermissionsCheck: Check {
    let name = CheckName.filePermissions
    let configuration: Configuration

    func run() async -> [Finding] {
        var findings: [Finding] = []
        for file in configuration.files {
            guard let mode = Self.mode(of: file) else { continue }
            if mode & S_IROTH != 0, configuration.holdsSecrets(file) {
                findings.append(.warning("\(file) holds passwords and every user may read it; run: chmod o= \(file)"))
            }
        }
        for file in configuration.files + [configuration.path(of: configuration[Options.OsloPolicy.policyFile])] {
            if let mode = Self.mode(of: file), mode & S_IWOTH != 0 {
                findings.append(.warning("every user may write to \(file); run: chmod o-w \(file)"))
            }
        }
        return findings.isEmpty ? [.success("no file with secrets is open to every user")] : findings
    }

    private static func mode(of path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode : nil
    }
}
