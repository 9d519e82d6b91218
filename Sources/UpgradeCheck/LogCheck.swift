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
        let exists = stat(file, &status) == 0
        if exists, status.st_mode & S_IFMT == S_IFDIR {
            return [.failure("[DEFAULT] log_file = \(file) is a directory")]
        }
        // As in containers: nothing is made beside /dev/stdout, even if that is a file.
        if exists, status.st_mode & S_IFMT != S_IFREG || file.hasPrefix("/dev/") {
            return [.success("the log goes to \(file)")]
        }
        return [DirectoryState(path: String(file[..<slash])).finding(for: user, isData: false)]
    }
}
