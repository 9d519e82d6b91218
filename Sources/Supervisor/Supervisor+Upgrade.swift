import Events
import Glibc
import Logging
import Scoreboard
import Systemd

/// A process that shows whether a program can run: it is to end with status 0 in time.
struct Probe {
    let process: pid_t
    /// In nanoseconds of CLOCK_MONOTONIC.
    let deadline: Int64
}

extension Supervisor {
    private static let probeTime: Int64 = 10_000_000_000

    /// Turns into the program that stands in our place on disk, if that can run: the process, its sockets and its children
    /// stay. What can go wrong is tried beforehand, because afterwards there is no way back.
    mutating func upgrade() {
        guard current.wasReady, probe == nil else {
            return logger.warning("The program is not exchanged: \(probe == nil ? "the start" : "that") is under way")
        }
        do {
            let process = try launcher.probe(program.path)
            probe = Probe(process: process, deadline: ScoreboardSlot.now + Self.probeTime)
        } catch {
            upgradeFailed("\(error)")
        }
    }

    /// The probe has ended.
    mutating func probed(_ status: ProcessStatus) {
        probe = nil
        guard ending == nil else { return }
        guard status == .exited(0) else { return upgradeFailed("its --version ended with \(status)") }
        if upcoming != nil { abandon() }
        let handover = Handover(
            socket: current.socket, wake: wake, scoreboard: launcher.scoreboard, layout: Scoreboard.layout,
            isInherited: isInherited, generation: current, retired: retired)
        // Sockets of the service manager were for the first program of this process.
        var variables = environment.filter { !$0.key.hasPrefix("LISTEN_") }
        variables[Handover.variable] = handover.text
        logger.info("Turning into \(program.path)")
        for descriptor in handover.descriptors { Descriptor.passOn(descriptor, true) }
        let reason = program.execute(CommandLine.arguments, environment: variables)
        for descriptor in handover.descriptors { Descriptor.passOn(descriptor, false) }
        upgradeFailed(reason)
    }

    mutating func endProbe() {
        if let probe { kill(probe.process, SIGKILL) }
    }

    private mutating func upgradeFailed(_ reason: String) {
        logger.log(
            .reloadFailed, level: .error, "\(program.path) can't take over, this program stays: \(reason)")
        reloadFailure = reason
        if upcoming == nil { notifier?.send(.ready) }
    }
}

extension Handover {
    /// The children that serve, and those that were told to end.
    ///
    /// - Parameter areWatched: whether this program understands their scoreboard.
    func children(areWatched: Bool) -> (Generation, [Child]) {
        var generation = Generation(
            settings: settings, socket: socket, configuration: configuration, places: places, wasReady: true)
        var retired = retired
        for index in generation.places.indices { generation.places[index].child?.isWatched = areWatched }
        for index in retired.indices { retired[index].isWatched = areWatched }
        return (generation, retired)
    }
}
