import Glibc

/// Names a process so that another one can tell whether it still lives.
public struct ProcessIdentity: Sendable, Hashable {
    /// `<boot id>/<inode of the PID namespace>`: processes with the same value see each other in /proc.
    public var host: String
    public var pid: Int32
    /// Start time in clock ticks since boot (field 22 of /proc/PID/stat): tells a reused pid apart.
    public var startTime: Int64

    public init(host: String, pid: Int32, startTime: Int64) {
        self.host = host
        self.pid = pid
        self.startTime = startTime
    }

    /// The boot id of its machine.
    public var boot: Substring { host.prefix { $0 != "/" } }

    /// The calling process.
    ///
    /// Where /proc cannot be read, the host is `unknown` and the start time 0: such a process is only ever judged by the
    /// age of its records.
    public static func current() -> ProcessIdentity {
        let pid = getpid()
        guard let boot = read("/proc/sys/kernel/random/boot_id"), let start = startTime(ofProcess: pid) else {
            return ProcessIdentity(host: "unknown", pid: pid, startTime: 0)
        }
        var namespace = stat()
        guard stat("/proc/self/ns/pid", &namespace) == 0 else {
            return ProcessIdentity(host: "unknown", pid: pid, startTime: 0)
        }
        let id = boot.split(separator: "\n").first.map(String.init) ?? ""
        return ProcessIdentity(host: "\(id)/\(namespace.st_ino)", pid: pid, startTime: start)
    }

    /// Whether this process lives, as far as `observer`'s /proc tells. Nil when it runs, or ran, on another host, in
    /// another container, or before a reboot: then only the age of its record says anything.
    public func isAlive(seenBy observer: ProcessIdentity = .current()) -> Bool? {
        guard host == observer.host, host != "unknown" else { return nil }
        return Self.startTime(ofProcess: pid) == startTime
    }

    /// Field 22 of /proc/PID/stat (proc(5)), nil for a process that does not exist or has ended.
    private static func startTime(ofProcess pid: Int32) -> Int64? {
        // The second field, the name in parentheses, may hold anything; fields are counted after it.
        guard let text = read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return Int64(fields[19])
    }

    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            guard count > 0 else { return nil }
            return String(decoding: buffer[..<count], as: UTF8.self)
        }
    }
}
