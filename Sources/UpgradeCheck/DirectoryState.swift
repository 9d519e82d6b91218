import Glibc

/// A directory that the service has to write in, seen without changing anything.
struct DirectoryState {
    let path: String

    /// What is wrong, or how much room there is.
    ///
    /// - Parameter isData: whether images come here, so that room matters.
    func finding(for user: ServiceUser, isData: Bool = true) -> Finding {
        var status = stat()
        guard stat(path, &status) == 0 else { return missing(for: user) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return .failure("\(path) is not a directory", isData ? .badStoreConfiguration : nil)
        }
        guard Self.isWritable(path, status, for: user) else {
            return .failure("user \(user.name) cannot write in \(path); run: chown \(user.name) \(path)")
        }
        return isData ? room() : .success("\(path) can be written in")
    }

    private func missing(for user: ServiceUser) -> Finding {
        guard errno == ENOENT else { return .failure("\(path): \(String(cString: strerror(errno)))") }
        var parent = path
        var status = stat()
        repeat {
            parent = String(parent[..<(parent.lastIndex(of: "/") ?? parent.startIndex)])
            if parent.isEmpty { parent = "/" }
        } while stat(parent, &status) != 0 && parent != "/"
        return Self.isWritable(parent, status, for: user)
            ? .success("\(path) does not exist yet; the start makes it")
            : .failure(
                "\(path) does not exist and user \(user.name) cannot make it; run: install -d -o \(user.name) -m 750 \(path)"
            )
    }

    /// The system's own judgement, which knows access control lists and read-only mounts, counts for whoever asks.
    private static func isWritable(_ path: String, _ status: stat, for user: ServiceUser) -> Bool {
        user.id == geteuid() ? access(path, W_OK | X_OK) == 0 : user.canWrite(inDirectory: status)
    }

    private func room() -> Finding {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return .failure("\(path): \(String(cString: strerror(errno)))") }
        let block = Int64(clamping: status.f_frsize)
        return Self.finding(
            path, free: Int64(clamping: status.f_bavail).multipliedReportingOverflow(by: block).partialValue,
            of: Int64(clamping: status.f_blocks).multipliedReportingOverflow(by: block).partialValue)
    }

    /// - Parameters:
    ///   - free: bytes for a process without privileges.
    ///   - size: bytes of the whole file system.
    static func finding(_ path: String, free: Int64, of size: Int64) -> Finding {
        let text = "\(path) has \(amount(free)) free of \(amount(size))"
        if free <= 0 { return .failure("\(text); uploads end with 413") }
        return free < 1 << 30 || free < size / 20 ? .warning(text) : .success(text)
    }

    private static func amount(_ bytes: Int64) -> String {
        let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var (value, unit) = (bytes, 0)
        while value >= 10_000, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        return "\(value) \(units[unit])"
    }
}
