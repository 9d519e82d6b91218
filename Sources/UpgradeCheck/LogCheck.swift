import Glibc
import OsloConfig
import OsloLog

/// Whether a log file can be written.
struct LogCheck: Check {
    let name = CheckName.log
    let configuration: Configuration
    let user: ServiceUser

    func run() async -> [Finding] {
        guard let file = OsloLog.logFile(of: configuration, program: "glance-api") else {
            return [.success("no log file is configured; the log goes to the journal or standard error")]
        }
        guard file.hasPrefix("/"), let slash = file.lastIndex(of: "/") else {
            return [.warning("[DEFAULT] log_file = \(file) is relative to wherever the service is started")]
        }
        var status = stat()
        if stat(file, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            // As in containers: /dev/stdout. Nothing is made in its directory.
            return status.st_mode & S_IFMT == S_IFDIR
                ? [.failure("[DEFAULT] log_file = \(file) is a directory")] : [.success("the log goes to \(file)")]
        }
        return [DirectoryState(path: String(file[..<slash])).finding(for: user, isData: false)]
    }
}
