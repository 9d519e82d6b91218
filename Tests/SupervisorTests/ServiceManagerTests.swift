import Glibc
import Testing

/// What a service manager is told, and what it may pass.
@Suite(.timeLimit(.minutes(2)))
struct ServiceManagerTests {
    @Test func readyOnlyWhenAllChildrenAre() async throws {
        let manager = try ServiceManager()
        let service = try EchoService(
            ["behave": "late", "workers": "1", "services": "scrubber"], environment: manager.environment)
        try await service.wait { manager.status == "Starting: 0 of 1 worker ready" }
        #expect(!manager.messages.contains("READY=1"))
        service.signal(SIGINT)
        #expect(try await service.exitStatus() == 0)
        #expect(manager.messages.contains("STOPPING=1"))
    }

    @Test func theStatusTellsWorkersRequestsTransfersAndLimits() async throws {
        let manager = try ServiceManager()
        let service = try EchoService(
            ["workers": "2", "services": "limits", "requests": "1", "transfers": "2"], environment: manager.environment)
        try await service.wait { manager.messages.contains("READY=1") }
        try await service.wait {
            manager.status == "Serving: 2 workers, 3 requests, 6 transfers, limits 5 s old"
        }
        try await service.wait { manager.status.hasSuffix("limits 10 s old") }
    }

    @Test(arguments: [
        (["imports": "1"], "2 imports (3 GiB)"),
        (["imports": "2", "size": "4294967296"], "4 imports (35 % of 8192 MiB)"),
    ])
    func theStatusTellsHowFarImportsAre(settings: [String: String], part: String) async throws {
        let manager = try ServiceManager()
        let settings = settings.merging(["workers": "2"]) { $1 }
        let service = try EchoService(settings, environment: manager.environment)
        try await service.wait { manager.status == "Serving: 2 workers, 0 requests, 0 transfers, \(part)" }
    }

    @Test func aReloadBeginsAndEnds() async throws {
        let manager = try ServiceManager()
        let service = try EchoService(["workers": "1"], environment: manager.environment)
        try await service.wait { manager.messages.contains("READY=1") }
        var before = timespec()
        clock_gettime(CLOCK_MONOTONIC, &before)
        service.signal(SIGHUP)
        try await service.wait { manager.messages.count { $0 == "READY=1" } == 2 }
        let begin = try #require(manager.messages.firstIndex { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") })
        let time = try #require(manager.messages[begin].split(separator: "=").last.flatMap { Int($0) })
        #expect(time >= before.tv_sec * 1_000_000 + before.tv_nsec / 1000)
        #expect(begin < manager.messages.lastIndex(of: "READY=1")!)

        // A reload that comes to nothing ends, too, and the line says so until one comes about.
        try service.misconfigure()
        service.signal(SIGHUP)
        try await service.wait { manager.messages.count { $0 == "READY=1" } == 3 }
        try await service.wait { manager.status.hasSuffix("; the last reload failed: Malformed()") }
        try service.configure(["workers": "1"])
        service.signal(SIGHUP)
        try await service.wait { manager.status.hasPrefix("Serving: 1 worker, ") && !manager.status.contains("failed") }
    }

    @Test func anUpgradeIsAReload() async throws {
        let manager = try ServiceManager()
        let service = try EchoService(["workers": "1"], environment: manager.environment)
        try await service.wait { manager.messages.contains("READY=1") }
        try service.upgradeProgram()
        service.signal(SIGUSR2)
        try await service.wait { manager.messages.count { $0 == "READY=1" } == 2 }
        #expect(manager.messages.contains { $0.hasPrefix("RELOADING=1\n") })
        #expect(service.isUpgraded(service.process))
    }

    @Test func aFailedStartSaysWhy() async throws {
        let manager = try ServiceManager()
        let service = try EchoService(["behave": "fail", "workers": "1"], environment: manager.environment)
        #expect(try await service.exitStatus() == 3)
        #expect(!manager.messages.contains("READY=1"))
        #expect(manager.messages.contains("STATUS=Can't start: the worker has no luck"))
    }

    @Test func aCrashLoopShows() async throws {
        let manager = try ServiceManager()
        let service = try EchoService(["workers": "2"], environment: manager.environment)
        try await service.wait { manager.messages.contains("READY=1") }
        try service.configure(["workers": "2", "behave": "fail"])
        kill(try await service.connect().worker, SIGKILL)
        try await service.wait {
            manager.status.hasPrefix("Serving: 1 of 2 workers, ")
                && manager.status.contains("; worker has ended 4 times in a row")
        }
    }

    @Test func aStopThatTakesItsTimeSaysSo() async throws {
        let manager = try ServiceManager()
        let service = try EchoService(["workers": "1", "drain": "0"], environment: manager.environment)
        try await service.wait { manager.messages.contains("READY=1") }
        let connection = try await service.connect()
        service.signal(SIGTERM)
        try await service.wait { manager.messages.contains("EXTEND_TIMEOUT_USEC=30000000") }
        #expect(
            manager.messages.firstIndex(of: "STOPPING=1")! < manager.messages.firstIndex(
                of: "EXTEND_TIMEOUT_USEC=30000000")!)
        try await service.wait { manager.status == "Stopping: 0 requests, 0 transfers in progress" }
        _ = connection
    }

    @Test func theWatchdogIsFedOnlyWhileChildrenAreWell() async throws {
        let manager = try ServiceManager()
        let service = try EchoService(
            ["workers": "1", "heartbeat": "2"],
            environment: manager.environment.merging(["WATCHDOG_USEC": "2000000"]) { own, _ in own })
        try await service.wait { manager.messages.count { $0 == "WATCHDOG=1" } >= 3 }
        let worker = try await service.connect().worker
        kill(worker, SIGSTOP)
        try await service.waitForLog("Child \(worker) hangs, killing it")
        // Silent for two seconds before it was noticed, and then three checks: nothing was sent in those.
        let fed = manager.messages.count { $0 == "WATCHDOG=1" }
        #expect(fed <= 7)
        try await service.wait { manager.messages.count { $0 == "WATCHDOG=1" } >= fed + 2 }
    }

    // MARK: Descriptors

    @Test func theSocketIsGivenIntoKeeping() async throws {
        let manager = try ServiceManager()
        let first = try EchoService(["workers": "1"], environment: manager.environment)
        try await first.wait { manager.messages.contains("READY=1") }
        #expect(manager.messages.contains("FDSTORE=1\nFDNAME=glance-api-listener"))
        let kept = try #require(manager.descriptors.first)
        first.signal(SIGTERM)
        #expect(try await first.exitStatus() == 0)

        // Nobody serves, and yet nobody is refused: the next start answers.
        async let waiting = first.connect().generation
        let second = try EchoService(
            ["workers": "1", "port": "\(first.port)", "generation": "2"], environment: manager.environment,
            passing: [(kept, "glance-api-listener")])
        #expect(try await waiting == 2)
        second.signal(SIGTERM)
        #expect(try await second.exitStatus() == 0)
        #expect(!manager.messages.contains { $0.hasPrefix("FDSTOREREMOVE") })
    }

    @Test func aServiceManagerThatKeepsNothingGetsNothing() async throws {
        let manager = try ServiceManager()
        let service = try EchoService(
            ["workers": "1"], environment: manager.environment.merging(["FDSTORE": "0"]) { own, _ in own })
        try await service.wait { manager.messages.contains("READY=1") }
        #expect(!manager.messages.contains { $0.hasPrefix("FDSTORE") })
        let connection = try await service.connect()
        service.signal(SIGTERM)
        try await service.wait { isRefused(port: service.port) }
        withExtendedLifetime(connection) {}
    }

    @Test func aKeptSocketOfAnotherAddressIsReturned() async throws {
        let manager = try ServiceManager()
        let (socket, port) = try boundSocket()
        defer { close(socket) }
        let service = try EchoService(
            ["workers": "1"], environment: manager.environment, passing: [(socket, "glance-api-listener")])
        try await service.waitForLog("Ready:")
        #expect(service.port != port)
        _ = try await service.connect()
        let messages = manager.messages
        let removed = try #require(messages.firstIndex(of: "FDSTOREREMOVE=1\nFDNAME=glance-api-listener"))
        #expect(removed < messages.firstIndex(of: "FDSTORE=1\nFDNAME=glance-api-listener")!)
    }

    @Test func anotherAddressAfterAReloadIsKeptInstead() async throws {
        let manager = try ServiceManager()
        let service = try EchoService(["workers": "1"], environment: manager.environment)
        try await service.waitForLog("Ready:")
        try service.configure(["workers": "1", "port": "\(try freePort())"])
        service.signal(SIGHUP)
        try await service.waitForLog("Reloaded:")
        try await service.wait { manager.messages.count { $0.hasPrefix("FDSTORE=1\n") } == 2 }
        #expect(manager.messages.contains("FDSTOREREMOVE=1\nFDNAME=glance-api-listener"))
    }

    /// The address of a socket unit's socket is the unit's business, and the socket stays the service manager's.
    @Test func aSocketUnitWins() async throws {
        let manager = try ServiceManager()
        let (unit, port) = try boundSocket()
        let (kept, _) = try boundSocket()
        defer { for socket in [unit, kept] { close(socket) } }
        let service = try EchoService(
            ["workers": "1", "host": "192.0.2.1", "port": "\(port)"], environment: manager.environment,
            passing: [(unit, "openstack-glance-api.socket"), (kept, "glance-api-listener")])
        try await service.waitForLog("Ready:")
        _ = try await service.connect()
        #expect(!manager.messages.contains { $0.hasPrefix("FDSTORE=1\n") })
        #expect(manager.messages.contains("FDSTOREREMOVE=1\nFDNAME=glance-api-listener"))
        // Nor do a reload and an upgrade open another one.
        service.signal(SIGHUP)
        try await service.waitForLog("Reloaded:")
        service.signal(SIGUSR2)
        try await service.waitForLog("Reloaded:", count: 2)
        _ = try await service.connect()
    }
}
