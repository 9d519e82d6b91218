import Glibc
import Testing

/// USR2: another program file takes the supervisor's process over.
@Suite(.timeLimit(.minutes(2)))
struct UpgradeTests {
    @Test func theNewProgramServesOnTheSameSocket() async throws {
        let service = try EchoService(["workers": "2", "generation": "1"])
        try await service.waitForLog("Ready:")
        var running: EchoConnection? = try await service.connect()
        let old = service.children().map(\.process)
        try service.upgradeProgram()
        #expect(!service.isUpgraded(service.process))

        try service.configure(["workers": "2", "generation": "2"])
        service.signal(SIGUSR2)
        try await service.waitForLog("This program has taken over 2 children")
        try await service.waitForLog("Reloaded: 2 workers serve")
        #expect(service.isUpgraded(service.process))
        // The old worker without a request goes, the other one stays until its request is done.
        try await service.waitForLog("Removed stale child")
        let busy = try #require(running).worker
        try await service.wait { !service.children().contains { old.contains($0.process) && $0.process != busy } }
        #expect(service.children().contains { $0.process == busy })
        let new = service.children().filter { $0.process != busy }
        #expect(new.count == 2)
        for child in new { #expect(service.isUpgraded(child.process)) }
        for _ in 0..<5 { #expect(try await service.connect().generation == 2) }
        running = nil
        try await service.waitForLog("Removed stale child \(busy)")
        service.signal(SIGTERM)
        #expect(try await service.exitStatus() == 0)
    }

    /// Neither descriptors nor processes pile up, and what is started later is of the new version.
    @Test func canBeRepeated() async throws {
        let service = try EchoService(["workers": "1"])
        try await service.waitForLog("Ready:")
        for count in 1...3 {
            try service.upgradeProgram()
            service.signal(SIGUSR2)
            try await service.waitForLog("Reloaded:", count: count)
            try await service.waitForLog("Removed stale child", count: count)
        }
        let descriptors = service.descriptorCount
        service.signal(SIGUSR2)
        try await service.waitForLog("Removed stale child", count: 4)
        #expect(service.descriptorCount == descriptors)
        let worker = try await service.connect().worker
        kill(worker, SIGKILL)
        try await service.waitForLog("Removed dead child \(worker)")
        let next = try await service.connect().worker
        #expect(service.isUpgraded(next))
        #expect(service.children().count == 1)
    }

    /// What the kernel tells children at the death of their parent still works (prctl(2), PR_SET_PDEATHSIG).
    @Test func oldWorkersEndWithTheNewSupervisor() async throws {
        let service = try EchoService(["workers": "1"])
        try await service.waitForLog("Ready:")
        let worker = try await service.connect().worker
        try service.misconfigure()
        service.signal(SIGUSR2)
        try await service.waitForLog("The configuration is not reloaded, the old one stays: Malformed()")
        #expect(try await service.connect().worker == worker)
        service.signal(SIGKILL)
        #expect(try await service.exitStatus() == -SIGKILL)
        try await service.wait { kill(worker, 0) != 0 }
    }

    @Test(arguments: ["#!/bin/sh\nexit 3\n", "no program", "#!/nonexistent/interpreter\n"])
    func aProgramThatCannotRunIsNotTurnedInto(text: String) async throws {
        let service = try EchoService(["workers": "1"])
        try await service.waitForLog("Ready:")
        let worker = try await service.connect().worker
        try service.upgradeProgram(to: text)
        service.signal(SIGUSR2)
        try await service.waitForLog("\(service.program) can't take over, this program stays: ")
        #expect(try await service.connect().worker == worker)
        // It is the program it was, and can do what it could.
        service.signal(SIGHUP)
        try await service.waitForLog("Reloaded: 1 workers serve")
        try service.upgradeProgram()
        service.signal(SIGUSR2)
        try await service.waitForLog("Reloaded: 1 workers serve", count: 2)
        #expect(service.isUpgraded(service.process))
    }

    @Test func aBadConfigurationLeavesTheOldWorkersServing() async throws {
        let service = try EchoService(["workers": "1", "generation": "1"])
        try await service.waitForLog("Ready:")
        let worker = try await service.connect().worker
        try service.upgradeProgram()
        try service.misconfigure()
        service.signal(SIGUSR2)
        try await service.waitForLog("The configuration is not reloaded, the old one stays: Malformed()")
        #expect(service.isUpgraded(service.process))
        #expect(try await service.connect().worker == worker)

        // Children that can't start with it are just as bad.
        try service.configure(["workers": "1", "generation": "2", "behave": "exit 3"])
        service.signal(SIGUSR2)
        try await service.waitForLog("The new configuration does not work (exit status 3); the old one stays")
        #expect(try await service.connect().worker == worker)

        try service.configure(["workers": "1", "generation": "3"])
        service.signal(SIGHUP)
        try await service.waitForLog("Reloaded:")
        try await service.waitForLog("Removed stale child \(worker)")
        #expect(try await service.connect().generation == 3)
    }

    /// A worker that dies while nothing new can be started with the configuration is replaced as soon as that is mended.
    @Test func workersOfTheProgramBeforeAreWatched() async throws {
        let service = try EchoService(["workers": "1", "heartbeat": "1"])
        try await service.waitForLog("Ready:")
        let worker = try await service.connect().worker
        try service.misconfigure()
        service.signal(SIGUSR2)
        try await service.waitForLog("The configuration is not reloaded")
        try service.configure(["workers": "1", "heartbeat": "1"])
        kill(worker, SIGSTOP)
        try await service.waitForLog("Child \(worker) hangs, killing it")
        #expect(try await service.connect().worker != worker)
    }
}
