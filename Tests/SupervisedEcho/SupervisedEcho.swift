import Glibc
import Logging
import Scoreboard
import Supervisor
import Synchronization

/// A service whose workers answer each connection with their process id and generation; for the tests of the supervisor.
///
/// `SupervisedEcho SETTINGS`; the settings are lines `name value`, read again at HUP: `port`, `workers`, `drain` and
/// `heartbeat` (seconds), `services` (roles of other children), `generation`, and what a child does:
/// `behave serve|exit N|fail|crash|silent|late|orphan`. Children get the settings from the supervisor, all but `behave`, which
/// they read from the file.
@main
struct SupervisedEcho {
    static func main() throws {
        let words = Array(CommandLine.arguments.dropFirst())
        if words == ["--version"] {
            print("1")
        } else if words.first == "--role", words.count == 5, let slot = Int(words[3]),
            let role = ProcessRole(rawValue: words[1])
        {
            try work(as: role, slot: slot, behaviour: try? File(words[4])["behave"])
        } else {
            let path = words.first ?? ""
            do {
                var supervisor = try Supervisor(
                    program: "echo", childArguments: [path], environment: environment,
                    load: {
                        let file = try File(path)
                        return LoadedConfiguration(
                            settings: try file.settings(), childConfiguration: Array(file.text.utf8))
                    })
                exit(supervisor.run())
            } catch {
                print("ERROR: \(error)")
                exit((error as? SupervisorError)?.exitStatus.rawValue ?? 5)
            }
        }
    }

    private static func work(as role: ProcessRole, slot: Int, behaviour: String?) throws {
        let process = try SupervisedProcess(name: "echo-\(role)", slot: slot)
        let file = File(text: String(decoding: process.configuration ?? [], as: UTF8.self))
        let behaviour = behaviour ?? "serve"
        if behaviour.hasPrefix("exit "), let status = Int32(behaviour.dropFirst(5)) { exit(status) }
        if behaviour == "crash" { kill(getpid(), SIGKILL) }
        if behaviour == "fail" {
            process.reportFailure("the \(role) has no luck")
            exit(3)
        }
        if behaviour == "late" { sleep(60) }
        if behaviour == "orphan" { try leaveOrphan() }
        let server = Server(process: process, answer: "\(getpid()) \(file["generation"] ?? "0")\n")
        server.start(accepts: role.acceptsConnections, beats: behaviour != "silent")
        process.slot.activeRequests = file["requests"].flatMap { Int($0) } ?? 0
        process.slot.imports = file["imports"].flatMap { Int($0) } ?? 0
        process.slot.importedBytes = 3 << 29
        process.slot.importSize = file["size"].flatMap { Int64($0) } ?? 0
        process.slot.transfers = file["transfers"].flatMap { Int($0) } ?? 0
        process.slot.limitsRefreshed = role == .limits ? Int64(time(nil)) - 7 : 0
        process.run {
            process.reportReady()
            let ending = await process.waitForEnding()
            // A connection that is open is a request in progress.
            await server.drain()
            print("drained \(ending)")
            return 0
        }
    }

    /// Starts a process that outlives its parent by a moment, so that process 1 inherits it.
    private static func leaveOrphan() throws {
        let command: [String] = ["/bin/sh", "-c", "sleep 0.1 &"]
        let words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var (shell, status): (pid_t, Int32) = (0, 0)
        if posix_spawn(&shell, "/bin/sh", nil, nil, words, environ) == 0 { waitpid(shell, &status, 0) }
    }

    private static var environment: [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return result
    }
}

/// Lines `name value`.
struct File {
    let text: String
    private var lines: [String: String] = [:]

    init(_ path: String) throws {
        guard let file = fopen(path, "r") else { throw Malformed() }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = getc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        self.init(text: String(decoding: bytes, as: UTF8.self))
    }

    init(text: String) {
        self.text = text
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            if parts.count == 2 { lines[String(parts[0])] = String(parts[1]) }
        }
    }

    subscript(name: String) -> String? { lines[name] }

    struct Malformed: Error {}

    func settings() throws -> SupervisorSettings {
        guard let port = lines["port"].flatMap({ Int($0) }) else { throw Malformed() }
        var settings = SupervisorSettings()
        settings.bindHost = lines["host"] ?? "127.0.0.1"
        settings.bindPort = port
        settings.workers = lines["workers"].flatMap { Int($0) } ?? 2
        settings.drainTimeout = .seconds(lines["drain"].flatMap { Int($0) } ?? 60)
        settings.heartbeatLimit = .seconds(lines["heartbeat"].flatMap { Int($0) } ?? 30)
        settings.startLimit = .seconds(lines["start"].flatMap { Int($0) } ?? 120)
        settings.services =
            lines["services"].map { $0.split(separator: ",").compactMap { ProcessRole(rawValue: String($0)) } } ?? []
        return settings
    }
}

/// Answers in a thread for each connection; a connection lives until its client closes.
final class Server: Sendable {
    private let process: SupervisedProcess
    private let answer: String
    private let state = Mutex(State())

    private struct State {
        var isDraining = false
        /// Threads that accept or serve.
        var threads = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    init(process: SupervisedProcess, answer: String) {
        self.process = process
        self.answer = answer
    }

    func start(accepts: Bool, beats: Bool) {
        if accepts {
            _ = fcntl(process.socket, F_SETFL, O_NONBLOCK)
            work { $0.accept() }
        }
        guard beats else { return }
        detachThread { [process] in
            while true {
                process.slot.beat()
                usleep(200_000)
            }
        }
    }

    /// Returns when nothing is accepted any more, and all clients are gone.
    func drain() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                state.isDraining = true
                if state.threads > 0 { state.waiter = continuation }
                return state.threads == 0
            }
            if isIdle { continuation.resume() }
        }
    }

    private func accept() {
        while !state.withLock({ $0.isDraining }) {
            var event = pollfd(fd: process.socket, events: Int16(POLLIN), revents: 0)
            poll(&event, 1, 20)
            let connection = Glibc.accept(process.socket, nil, nil)
            if connection >= 0 { work { $0.serve(connection) } }
        }
        close(process.socket)
    }

    private func serve(_ connection: Int32) {
        _ = send(connection, answer, answer.utf8.count, Int32(MSG_NOSIGNAL))
        var byte: UInt8 = 0
        while recv(connection, &byte, 1, 0) > 0 {}
        close(connection)
    }

    private func work(_ body: @escaping @Sendable (Server) -> Void) {
        state.withLock { $0.threads += 1 }
        detachThread { [self] in
            body(self)
            let waiter = state.withLock { state in
                state.threads -= 1
                return state.threads == 0 ? state.waiter : nil
            }
            waiter?.resume()
        }
    }
}

private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func detachThread(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { argument in
            if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
            return nil
        }, Unmanaged.passRetained(Body(body)).toOpaque())
    pthread_detach(thread)
}
