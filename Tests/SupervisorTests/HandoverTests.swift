import Glibc
import Testing

@testable import Supervisor

struct HandoverTests {
    private var example: Handover {
        var settings = SupervisorSettings()
        settings.bindHost = "::1"
        settings.bindPort = 4711
        settings.backlog = 7
        settings.workers = 2
        settings.services = [.scrubber, .limits]
        settings.drainTimeout = nil
        settings.heartbeatLimit = .seconds(3)
        let child = Child(process: 4711, role: .worker, slot: 0, started: 12)
        let old = Child(process: 4713, role: .limits, slot: 4, started: 10, deadline: 99)
        let generation = Generation(
            settings: settings, socket: 0, configuration: 1,
            places: [.init(role: .worker, slot: 0, child: child), .init(role: .scrubber, slot: 2)])
        return Handover(
            socket: 0, wake: 1, scoreboard: 2, layout: "a,b", isInherited: true, generation: generation, retired: [old])
    }

    @Test func nothingIsLost() {
        #expect(Handover(environment: [Handover.variable: example.text]) == example)
        var other = example
        other.settings.drainTimeout = .seconds(5)
        other.isInherited = false
        #expect(Handover(environment: [Handover.variable: other.text]) == other)
    }

    /// A later version may say more.
    @Test func skipsWhatItDoesNotKnow() {
        let text = "future 1 2 3\n" + example.text + "\nretired\nplace x\nmore"
        #expect(Handover(environment: [Handover.variable: text]) == example)
    }

    /// A child of a role that this version does not have is known, but not started again.
    @Test func childrenOfUnknownRolesAreStrangers() throws {
        let text = example.text + "\nplace dreamer 7 4715 3\nretired sleeper 8 4716 3\nplace dreamer 9\nservice dreamer"
        let handover = try #require(Handover(environment: [Handover.variable: text]))
        #expect(handover.strangers == [4715, 4716])
        #expect(handover.places == example.places)
        #expect(handover.settings == example.settings)
    }

    /// Earlier versions handed over none.
    @Test func theConfigurationMayBeMissing() {
        let text = example.text.replacing("configuration 1\n", with: "")
        #expect(Handover(environment: [Handover.variable: text])?.configuration == .some(nil))
    }

    @Test func isForOneProcessOnly() {
        let text = example.text
        #expect(Handover(environment: [:]) == nil)
        #expect(
            Handover(environment: [Handover.variable: text.replacing("process \(getpid())", with: "process 1")]) == nil)
        #expect(Handover(environment: [Handover.variable: text.replacing("socket 0", with: "socket 9999")]) == nil)
    }
}
