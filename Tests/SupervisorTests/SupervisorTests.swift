import Glibc
import Testing

@Suite(.timeLimit(.minutes(2)))
struct SupervisorTests {
    @Test func workersShareTheSocketAndTheDeadAreReplaced() async throws {
        let service = try EchoService(["workers": "3"])
        try await service.waitForLog("Ready: 3 workers serve")
        #expect(service.log.contains("Starting 3 workers"))
        var seen: Set<pid_t> = []
        while seen.count < 3 { seen.insert(try await service.connect().worker) }
        for worker in seen { #expect(service.log.contains("Started child \(worker)")) }

        let victim = try #require(seen.first)
        kill(victim, SIGKILL)
        try await service.waitForLog("Removed dead child \(victim): signal 9")
        try await service.waitForLog("Started child", count: 4)
        var later: Set<pid_t> = []
        while later.count < 3 { later.insert(try await service.connect().worker) }
        #expect(!later.contains(victim))

        service.signal(SIGTERM)
        #expect(try await service.exitStatus() == 0)
        for worker in later { #expect(kill(worker, 0) != 0) }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 99])
    func aStartThatCannotSucceedEndsWithItsStatus(status: Int32) async throws {
        let service = try EchoService(["behave": "exit \(status)"])
        #expect(try await service.exitStatus() == status)
        #expect(service.log.contains("The service can't start: a worker ended with exit status \(status)"))
    }

    @Test func workersThatAlwaysCrashEndTheStart() async throws {
        let service = try EchoService(["behave": "crash", "workers": "1"])
        #expect(try await service.exitStatus() == 99)
        #expect(service.log.contains("Started child"))
    }

    @Test func anUnreadableConfigurationEndsTheStart() async throws {
        let service = try EchoService(["port": "none"])
        #expect(try await service.exitStatus() == 5)
    }

    /// An address in use is tried for a while: here it becomes free.
    @Test func waitsForTheAddress() async throws {
        let (socket, port) = try boundSocket()
        let service = try EchoService(["port": "\(port)"])
        try await Task.sleep(for: .milliseconds(300))
        #expect(!service.log.contains("Starting"))
        close(socket)
        try await service.waitForLog("Ready:")
    }

    @Test func anAddressThatIsNotOursEndsTheStart() async throws {
        let service = try EchoService(["host": "192.0.2.1"])
        #expect(try await service.exitStatus() == 1)
        #expect(service.log.contains("Could not bind to 192.0.2.1:\(service.port): "))
    }

    @Test func termLetsRequestsFinish() async throws {
        let service = try EchoService()
        try await service.waitForLog("Ready:")
        var connection: EchoConnection? = try await service.connect()
        service.signal(SIGTERM)
        try await service.waitForLog("drained stop")
        #expect(kill(try #require(connection).worker, 0) == 0)
        connection = nil
        #expect(try await service.exitStatus() == 0)
        try await service.waitForLog("drained stop", count: 2)
    }

    @Test func termCutsRequestsAtTheTimeout() async throws {
        let service = try EchoService(["drain": "1"])
        try await service.waitForLog("Ready:")
        let connection = try await service.connect()
        let start = ContinuousClock.now
        service.signal(SIGTERM)
        #expect(try await service.exitStatus() == 0)
        #expect(ContinuousClock.now - start >= .seconds(1))
        #expect(kill(connection.worker, 0) != 0)
    }

    @Test(arguments: [[SIGINT], [SIGQUIT], [SIGTERM, SIGTERM], [SIGTERM, SIGINT]])
    func endsAtOnce(signals: [Int32]) async throws {
        let service = try EchoService()
        try await service.waitForLog("Ready:")
        let connection = try await service.connect()
        for signal in signals {
            service.signal(signal)
            if signals.count > 1 { try await service.waitForLog("Stopping:") }
        }
        #expect(try await service.exitStatus() == 0)
        #expect(kill(connection.worker, 0) != 0)
    }

    @Test func hupReplacesTheWorkersWithoutLosingRequests() async throws {
        let service = try EchoService(["generation": "1"])
        try await service.waitForLog("Ready:")
        var running: EchoConnection? = try await service.connect()
        #expect(running?.generation == 1)

        try service.configure(["generation": "2", "workers": "1"])
        service.signal(SIGHUP)
        try await service.waitForLog("Reloaded: 1 workers serve")
        // The old workers stop accepting; the one with a request stays until it is done.
        try await service.waitForLog("Removed stale child")
        try await service.wait {
            (0..<5).allSatisfy { _ in (try? EchoConnection(port: service.port))?.generation == 2 }
        }
        for _ in 0..<5 { #expect(try await service.connect().generation == 2) }
        #expect(kill(try #require(running).worker, 0) == 0)
        running = nil
        try await service.waitForLog("Removed stale child", count: 2)
        service.signal(SIGTERM)
        #expect(try await service.exitStatus() == 0)
    }

    @Test func hupWithABadConfigurationKeepsTheOldWorkers() async throws {
        let service = try EchoService(["generation": "1"])
        try await service.waitForLog("Ready:")
        let before = try await service.connect()
        try service.misconfigure()
        service.signal(SIGHUP)
        try await service.waitForLog("The configuration is not reloaded, the old one stays: Malformed()")
        #expect(try await service.connect().generation == 1)
        #expect(kill(before.worker, 0) == 0)

        // Workers that can't start with it are just as bad.
        try service.configure(["generation": "2", "behave": "exit 3"])
        service.signal(SIGHUP)
        try await service.waitForLog("The new configuration does not work (exit status 3); the old one stays")
        #expect(try await service.connect().generation == 1)

        try service.configure(["generation": "3"])
        service.signal(SIGHUP)
        try await service.waitForLog("Reloaded:")
        try await service.wait {
            (0..<5).allSatisfy { _ in (try? EchoConnection(port: service.port))?.generation == 3 }
        }
    }

    /// What is on disk by then does not matter, until a reload accepts it.
    @Test func childrenThatStartAgainHaveTheConfigurationThatWasAccepted() async throws {
        let service = try EchoService(["generation": "1", "workers": "1"])
        try await service.waitForLog("Ready:")
        let first = try await service.connect().worker
        try service.misconfigure()
        kill(first, SIGKILL)
        try await service.waitForLog("Removed dead child \(first)")
        let second = try await service.connect()
        #expect(second.generation == 1)

        service.signal(SIGHUP)
        try await service.waitForLog("The configuration is not reloaded")
        kill(second.worker, SIGKILL)
        try await service.waitForLog("Removed dead child \(second.worker)")
        #expect(try await service.connect().generation == 1)

        // One that can be read but does not work is no more accepted than that.
        try service.configure(["generation": "2", "workers": "1", "behave": "exit 3"])
        service.signal(SIGHUP)
        try await service.waitForLog("The new configuration does not work")
        try service.configure(["generation": "3", "workers": "1"])
        let third = try await service.connect().worker
        kill(third, SIGKILL)
        try await service.waitForLog("Removed dead child \(third)")
        #expect(try await service.connect().generation == 1)
        service.signal(SIGHUP)
        try await service.waitForLog("Reloaded:")
        try await service.wait { (try? EchoConnection(port: service.port))?.generation == 3 }
    }

    @Test func termRefusesNewConnectionsWhileRequestsFinish() async throws {
        let service = try EchoService(["workers": "2"])
        try await service.waitForLog("Ready:")
        let connection = try await service.connect()
        service.signal(SIGTERM)
        try await service.wait { isRefused(port: service.port) }
        #expect(kill(connection.worker, 0) == 0)
        withExtendedLifetime(connection) {}
    }

    /// A worker that does nothing any more can't keep the socket open.
    @Test func termRefusesNewConnectionsWhateverAWorkerDoes() async throws {
        let service = try EchoService(["workers": "1"])
        try await service.waitForLog("Ready:")
        let connection = try await service.connect()
        kill(connection.worker, SIGSTOP)
        service.signal(SIGTERM)
        try await service.wait { isRefused(port: service.port) }
        #expect(kill(connection.worker, 0) == 0)
    }

    /// A container without an init: the service is process 1, and inherits what others leave.
    @Test(.enabled(if: canUnshare, "unshare(1) makes no process namespace here"))
    func servesAsTheFirstProcess() async throws {
        let service = try EchoService(
            ["workers": "1", "behave": "orphan"],
            by: ["/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc"])
        try await service.waitForLog("Ready: 1 workers serve")
        let first = try await service.connect()
        // Its number in its own namespace; 1 is the supervisor.
        #expect(first.worker > 1)
        let supervisor = try #require(service.children().first?.process)
        // The orphan is gone as soon as it has ended: only the worker is left.
        try await service.wait { EchoService.children(of: supervisor).count == 1 }
        kill(supervisor, SIGTERM)
        try await service.waitForLog("Stopping:")
        _ = consume first
        #expect(try await service.exitStatus() == 0)
    }

    @Test func hupMovesToAnotherPort() async throws {
        let service = try EchoService()
        try await service.waitForLog("Ready:")
        let port = try freePort()
        try service.configure(["port": "\(port)", "generation": "2"])
        service.signal(SIGHUP)
        try await service.waitForLog("Removed stale child", count: 2)
        #expect(try EchoConnection(port: port).generation == 2)
        #expect(throws: (any Error).self) { try EchoConnection(port: service.port) }
    }

    @Test func aWorkerThatHangsIsKilled() async throws {
        let service = try EchoService(["behave": "silent", "workers": "1", "heartbeat": "1"])
        try await service.waitForLog("Ready:")
        let worker = try await service.connect().worker
        try service.configure(["behave": "serve", "workers": "1", "heartbeat": "1"])
        try await service.waitForLog("Child \(worker) hangs, killing it")
        try await service.waitForLog("Removed dead child \(worker)")
        #expect(try await service.connect().worker != worker)
    }

    @Test func aStoppedWorkerIsReplaced() async throws {
        let service = try EchoService(["workers": "1", "heartbeat": "1"])
        try await service.waitForLog("Ready:")
        let worker = try await service.connect().worker
        kill(worker, SIGSTOP)
        try await service.waitForLog("Child \(worker) hangs, killing it")
        try await service.waitForLog("Removed dead child \(worker): signal 9")
        #expect(try await service.connect().worker != worker)
    }

    @Test func aStartThatTakesTooLongEnds() async throws {
        let service = try EchoService(["behave": "late", "workers": "1", "start": "1"])
        #expect(try await service.exitStatus() == 2)
        #expect(service.log.contains("The service can't start: worker did not become ready within 1 s"))
    }

    @Test func childrenThatKeepDyingAreACrashLoop() async throws {
        let service = try EchoService(["workers": "2"])
        try await service.waitForLog("Ready:")
        try service.configure(["behave": "fail", "workers": "2"])
        kill(try await service.connect().worker, SIGKILL)
        try await service.waitForLog("The worker has ended 3 times in a row; it starts again in ")
        try await service.waitForLog(": exit status 3: the worker has no luck")
        // The other one serves.
        _ = try await service.connect()
        try service.configure(["workers": "2"])
        try await service.wait { service.children().count == 2 }
    }

    @Test func oneLineSaysWhyTheStartFailed() async throws {
        let service = try EchoService(["behave": "fail", "workers": "3"])
        #expect(try await service.exitStatus() == 3)
        let lines = service.log.split(separator: "\n").filter { $0.contains("The service can't start") }
        #expect(lines.count == 1)
        #expect(lines.first?.hasSuffix("The service can't start: the worker has no luck") == true)
    }

    @Test func titlesTellTheRoles() async throws {
        let service = try EchoService(["workers": "2", "services": "scrubber,limits"])
        try await service.waitForLog("Ready:")
        let children = service.children()
        #expect(
            children.map(\.title).sorted() == ["echo: limits", "echo: scrubber", "echo: worker", "echo: worker"])
        #expect(children.map(\.name).sorted() == ["echo-limits", "echo-scrubber", "echo-worker", "echo-worker"])
    }

    /// Signals that are the supervisor's may be sent to all processes, as `systemctl kill` does by default.
    @Test(arguments: [SIGUSR2, SIGTTIN, SIGTTOU])
    func childrenIgnoreSignalsOfTheSupervisor(signal: Int32) async throws {
        let service = try EchoService(["workers": "1"])
        try await service.waitForLog("Ready:")
        let worker = try await service.connect().worker
        kill(worker, signal)
        #expect(try await service.connect().worker == worker)
        #expect(!service.log.contains("dead"))
    }

    @Test func workersComeAndGoBySignal() async throws {
        let service = try EchoService(["workers": "1"])
        try await service.waitForLog("Ready:")
        service.signal(SIGTTIN)
        try await service.waitForLog("Started child", count: 2)
        service.signal(SIGTTOU)
        try await service.waitForLog("Removed stale child")
        _ = try await service.connect()
    }

    @Test func workersEndWithTheirSupervisor() async throws {
        let service = try EchoService(["workers": "1"])
        try await service.waitForLog("Ready:")
        let worker = try await service.connect().worker
        service.signal(SIGKILL)
        #expect(try await service.exitStatus() == -SIGKILL)
        try await service.wait { kill(worker, 0) != 0 }
    }
}

/// Whether this machine lets the test make a process namespace.
private let canUnshare: Bool = {
    let words = ["/usr/bin/unshare", "--pid", "--fork", "--mount-proc", "/bin/true"]
    let copies: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    var (process, status): (pid_t, Int32) = (0, 0)
    guard posix_spawn(&process, words[0], nil, nil, copies, environ) == 0 else { return false }
    return waitpid(process, &status, 0) == process && status == 0
}()
