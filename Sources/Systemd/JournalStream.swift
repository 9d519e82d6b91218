import Glibc

/// Whether an output of this process is a stream to the journal (systemd.exec(5), `$JOURNAL_STREAM`).
public enum JournalStream {
    /// True when `descriptor` is what the service manager connected to the journal: a shell or a supervisor in between may
    /// have put another file in its place, and then the variable is only left over.
    public static func isConnected(_ descriptor: Int32, variable: String?) -> Bool {
        guard let parts = variable?.split(separator: ":", omittingEmptySubsequences: false), parts.count == 2,
            let device = UInt64(parts[0]), let inode = UInt64(parts[1])
        else { return false }
        var status = stat()
        return fstat(descriptor, &status) == 0 && UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
    }

    /// The same for standard error and this process's own environment.
    public static var isStandardError: Bool {
        isConnected(STDERR_FILENO, variable: getenv("JOURNAL_STREAM").map { String(cString: $0) })
    }
}
