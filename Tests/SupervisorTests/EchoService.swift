import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A running SupervisedEcho.
final class EchoService: Sendable {
    let process: pid_t
    let port: Int
    /// A copy of SupervisedEcho, which a test can exchange.
    let program: String
    private let directory: String
    private let status = Mutex<Int32?>(nil)
    private let isWrapped: Bool

    /// Starts one with `settings`, on a free port unless they name one.
    ///
    /// - Parameters:
    ///   - passing: listening sockets that it gets as a service manager passes them, with their names.
    ///   - prefix: a command that runs the service, and its arguments.
    init(
        _ settings: [String: String] = [:], environment: [String: String] = [:],
        passing sockets: [(descriptor: Int32, name: String)] = [], by prefix: [String] = []
    ) throws {
        isWrapped = !prefix.isEmpty
        var name = Array("/tmp/supervisor-test-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { throw IOError(errnoCode: errno, reason: "mkdtemp") }
        directory = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        port = try settings["port"].flatMap { Int($0) } ?? freePort()
        let text = settings.merging(["port": "\(port)"]) { old, _ in old }
        try Self.write(text.map { "\($0.key) \($0.value)\n" }.joined(), to: directory + "/settings")

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(
                &actions, descriptor, directory + "/log", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        program = directory + "/echo"
        guard link(Self.original, program) == 0 || symlink(Self.original, program) == 0 else {
            throw IOError(errnoCode: errno, reason: program)
        }
        var command = prefix + [program, directory + "/settings"]
        var all = environment.merging(["PATH": "/usr/bin:/bin"]) { own, _ in own }
        if !sockets.isEmpty {
            for (index, socket) in sockets.enumerated() {
                posix_spawn_file_actions_adddup2(&actions, socket.descriptor, Int32(3 + index))
            }
            all["LISTEN_FDS"] = "\(sockets.count)"
            all["LISTEN_FDNAMES"] = sockets.map(\.name).joined(separator: ":")
            // The variables name the process that they are for.
            command = ["/bin/sh", "-c", "LISTEN_PID=$$ WATCHDOG_PID=$$ exec \"$@\"", "sh"] + command
        }
        let words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        let variables: [UnsafeMutablePointer<CChar>?] = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for copy in words + variables { free(copy) } }
        var process: pid_t = 0
        let result = posix_spawn(&process, command[0], &actions, nil, words, variables)
        guard result == 0 else { throw IOError(errnoCode: result, reason: "posix_spawn \(program)") }
        self.process = process
    }

    deinit {
        if status.withLock({ $0 }) == nil {
            // What runs the service may ignore other signals; it takes the service with it.
            kill(process, isWrapped ? SIGKILL : SIGINT)
            var ended: Int32 = 0
            waitpid(process, &ended, 0)
        }
        for name in ["settings", "log", "echo"] { unlink(directory + "/" + name) }
        rmdir(directory)
    }

    /// Where the build has put the executables: next to the test's own.
    private static let buildDirectory: String = {
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &path, path.count)
        let text = String(decoding: path.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return String(text.prefix(upTo: text.lastIndex(of: "/") ?? text.startIndex))
    }()

    private static let original = buildDirectory + "/SupervisedEcho"

    /// Puts another file in the place of the program, as an upgrade does: a copy of it, or the one that is given.
    func upgradeProgram(to script: String? = nil) throws {
        let new = directory + "/new"
        if let script {
            try Self.write(script, to: new)
        } else {
            let (source, target) = (open(Self.original, O_RDONLY), open(new, O_WRONLY | O_CREAT, 0o700))
            defer { for descriptor in [source, target] { close(descriptor) } }
            while true {
                let count = sendfile(target, source, nil, 1 << 30)
                guard count >= 0 else { throw IOError(errnoCode: errno, reason: "sendfile") }
                if count == 0 { break }
            }
        }
        chmod(new, 0o700)
        guard rename(new, program) == 0 else { throw IOError(errnoCode: errno, reason: "rename") }
    }

    /// Whether a process runs the program that stands on disk now.
    func isUpgraded(_ process: pid_t) -> Bool {
        var (running, there) = (stat(), stat())
        return stat("/proc/\(process)/exe", &running) == 0 && stat(program, &there) == 0
            && running.st_ino == there.st_ino && running.st_dev == there.st_dev
    }

    /// Titles of all children, from their command lines.
    func children() -> [(process: pid_t, title: String, name: String)] {
        Self.children(of: process, withDead: false)
    }

    /// Those of any process; the dead that nobody has waited for count, too.
    static func children(
        of parent: pid_t, withDead: Bool = true
    ) -> [(process: pid_t, title: String, name: String)] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var result: [(pid_t, String, String)] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let process = pid_t(name), let status = Self.read("/proc/\(process)/stat") else { continue }
            // State and parent follow the name, which stands in parentheses.
            let fields = status.split(separator: ")").last?.split(separator: " ") ?? []
            guard fields.count > 1, pid_t(fields[1]) == parent,
                withDead || fields[0] != "Z"
            else { continue }
            let title = Self.read("/proc/\(process)/cmdline")?.split(separator: "\0").first ?? ""
            let short = Self.read("/proc/\(process)/comm")?.split(separator: "\n").first ?? ""
            result.append((process, String(title), String(short)))
        }
        return result
    }

    private static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = getc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Open descriptors of the supervisor.
    var descriptorCount: Int {
        guard let directory = opendir("/proc/\(process)/fd") else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count
    }

    func configure(_ settings: [String: String]) throws {
        let text = settings.merging(["port": "\(port)"]) { own, _ in own }
        try Self.write(text.map { "\($0.key) \($0.value)\n" }.joined(), to: directory + "/settings")
    }

    /// A configuration that can't be read.
    func misconfigure() throws { try Self.write("nonsense", to: directory + "/settings") }

    private static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "w") else { throw IOError(errnoCode: errno, reason: path) }
        defer { fclose(file) }
        fputs(text, file)
    }

    func signal(_ number: Int32) { kill(process, number) }

    var log: String { Self.read(directory + "/log") ?? "" }

    /// Waits until the log has `text`, `count` times.
    func waitForLog(_ text: String, count: Int = 1) async throws {
        try await wait { self.log.split(separator: text, omittingEmptySubsequences: false).count > count }
    }

    /// Waits until `condition` holds; fails after half a minute.
    func wait(until condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while !condition() {
            guard ContinuousClock.now < deadline else {
                Issue.record("nothing happened; the log is:\n\(log)")
                throw TimedOut()
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// The exit status, once the supervisor has ended; minus the signal that killed it.
    func exitStatus() async throws -> Int32 {
        var ended: Int32 = 0
        try await wait {
            guard self.status.withLock({ $0 }) == nil, waitpid(self.process, &ended, WNOHANG) == self.process else {
                return false
            }
            self.status.withLock { $0 = ended }
            return true
        }
        return ended & 0x7f == 0 ? (ended >> 8) & 0xff : -(ended & 0x7f)
    }

    /// Connects and returns who answers: process id and generation. The connection ends with the returned object.
    func connect() async throws -> EchoConnection {
        let port = self.port
        return try await NIOThreadPool.singleton.runIfActive { try EchoConnection(port: port) }
    }
}

struct TimedOut: Error {}

final class EchoConnection: Sendable {
    let worker: pid_t
    let generation: Int
    private let socket: Int32

    init(port: Int) throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var timeout = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = result == 0 ? recv(socket, &bytes, bytes.count, 0) : -1
        let words = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n").first?.split(
            separator: " ")
        guard let words, words.count == 2, let worker = pid_t(words[0]), let generation = Int(words[1]) else {
            Glibc.close(socket)
            throw IOError(errnoCode: errno, reason: "no answer")
        }
        (self.worker, self.generation, self.socket) = (worker, generation, socket)
    }

    deinit { Glibc.close(socket) }
}

/// Whether a connection is refused, at once.
func isRefused(port: Int) -> Bool {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) < 0 && errno == ECONNREFUSED
        }
    }
}

/// A port that nobody listens on.
func freePort() throws -> Int {
    let (socket, port) = try boundSocket()
    close(socket)
    return port
}

/// A listening socket and its port.
func boundSocket() throws -> (socket: Int32, port: Int) {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(socket, $0, length) == 0 && listen(socket, 1) == 0 && getsockname(socket, $0, &length) == 0
        }
    }
    guard result else { throw IOError(errnoCode: errno, reason: "bind") }
    return (socket, Int(UInt16(bigEndian: address.sin_port)))
}
