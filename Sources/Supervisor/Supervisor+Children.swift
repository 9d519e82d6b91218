import Events
import Glibc
import Logging
import Scoreboard
import Systemd

extension Supervisor {
    /// Starts that crash in a row before we give up.
    private static let mostCrashes = 5

    /// Kills children whose time is over, and those that give no signs of life.
    mutating func checkHeartbeats() {
        let now = ScoreboardSlot.now
        for index in retired.indices {
            guard let deadline = retired[index].deadline, deadline <= now else { continue }
            kill(retired[index].process, SIGKILL)
            retired[index].deadline = now + Self.checkInterval
        }
        if let probe, probe.deadline <= now { kill(probe.process, SIGKILL) }
        guard now >= nextCheck else { return }
        // After the supervisor itself was held for a while, everything looks late.
        let isLate = nextCheck > 0 && now - nextCheck > 5 * Self.checkInterval
        nextCheck = now + Self.checkInterval
        var stillSilent: [pid_t: Int] = [:]
        for child in children where !isLate && isSilent(child, at: now) && !isDebugged(child.process) {
            let checks = silent[child.process, default: 0] + 1
            stillSilent[child.process] = checks
            if checks >= 3 { killSilent(child) }
        }
        silent = stillSilent
    }

    /// Whether a child has given no sign of life for too long, or needs too long to start.
    func isSilent(_ child: Child, at now: Int64) -> Bool {
        guard child.isWatched else { return false }
        let slot = scoreboard[child.slot]
        let limit = slot.state == .starting ? current.settings.startLimit : current.settings.heartbeatLimit
        return now - slot.heartbeat > limit.nanoseconds
    }

    private mutating func killSilent(_ child: Child) {
        let isStarting = scoreboard[child.slot].state == .starting
        logger.log(
            .childHung, level: .error,
            isStarting
                ? "Child \(child.process) does not become ready, killing it"
                : "Child \(child.process) hangs, killing it",
            metadata: ["child_pid": "\(child.process)", "role": "\(child.role.rawValue)"])
        kill(child.process, SIGKILL)
        guard isStarting, ending == nil else { return }
        let reason =
            "\(child.role.rawValue) did not become ready within \(current.settings.startLimit.components.seconds) s"
        if upcoming?.children.contains(child) == true {
            reloadFailed("The new configuration does not work (\(reason)); the old one stays", reason)
        } else if !current.wasReady, current.children.contains(child) {
            startFailed(reason, status: ExitStatus.workerCreationFailure.rawValue)
        }
    }

    /// Fills the places that are free.
    mutating func keepCount() {
        guard ending == nil else { return }
        for index in current.places.indices where isDue(current.places[index]) {
            current.places[index] = started(current.places[index], in: current)
            if !current.wasReady && current.places[index].policy.failures >= Self.mostCrashes {
                return startFailed("no child can be started", status: ExitStatus.workerCreationFailure.rawValue)
            }
        }
        guard var next = upcoming else { return }
        for index in next.places.indices where isDue(next.places[index]) {
            next.places[index] = started(next.places[index], in: next)
        }
        upcoming = next
    }

    /// The first time that all children are ready, the service is.
    mutating func takeOver() {
        guard ending == nil else { return }
        if var generation = upcoming, isReady(generation) {
            generation.wasReady = true
            let old = current
            upcoming = nil
            current = generation
            reloadFailure = nil
            retire(old.children, SIGHUP, within: nil)
            if let configuration = old.configuration { close(configuration) }
            if old.socket != current.socket {
                close(old.socket)
                notifier?.send(.removeDescriptor(name: Self.storedName))
                store()
            }
            logger.log(.reloaded, "Reloaded: \(current.workerCount) workers serve with the new configuration")
            notifier?.send(.ready)
        } else if !current.wasReady, isReady(current) {
            current.wasReady = true
            logger.log(.serviceReady, "Ready: \(current.workerCount) workers serve")
            notifier?.send(.ready)
            StartMemory.release()
        }
    }

    /// As many free places as there are to be children.
    func places(for settings: SupervisorSettings) -> [Generation.Place] {
        logger.info("Starting \(settings.workers) workers")
        let roles = Array(repeating: ProcessRole.worker, count: settings.workers) + settings.services
        return zip(roles, freeSlots(roles.count)).map { Generation.Place(role: $0, slot: $1) }
    }

    func freeSlots(_ count: Int) -> [Int] {
        let taken = Set((current.places + (upcoming?.places ?? [])).map(\.slot) + retired.map(\.slot))
        return Array((0..<Scoreboard.capacity).lazy.filter { !taken.contains($0) }.prefix(count))
    }

    private func isDue(_ place: Generation.Place) -> Bool {
        place.child == nil && place.policy.notBefore <= ScoreboardSlot.now
    }

    /// The place with a new child, or with one failure more.
    private func started(_ place: Generation.Place, in generation: Generation) -> Generation.Place {
        var place = place
        let now = ScoreboardSlot.now
        scoreboard[place.slot].reset(.starting)
        do {
            let process = try launcher.start(
                role: place.role, slot: place.slot,
                socket: place.role.acceptsConnections ? generation.socket : nil,
                configuration: generation.configuration)
            scoreboard[place.slot].process = process
            place.child = Child(process: process, role: place.role, slot: place.slot, started: now)
            logger.log(
                .childStarted, "Started child \(process): \(place.role.rawValue)",
                metadata: ["child_pid": "\(process)", "role": "\(place.role.rawValue)"])
        } catch {
            logger.error("\(error)")
            place.policy.ended(from: now, to: now)
        }
        return place
    }

    func isReady(_ generation: Generation) -> Bool {
        !generation.places.isEmpty && generation.places.allSatisfy(isReady)
    }

    func isReady(_ place: Generation.Place) -> Bool {
        guard let child = place.child else { return false }
        return !child.isWatched || scoreboard[child.slot].state == .ready
    }

    /// A process of ours is no more.
    mutating func ended(_ process: pid_t, _ status: ProcessStatus) {
        if probe?.process == process {
            probed(status)
        } else if let index = retired.firstIndex(where: { $0.process == process }) {
            logger.info("Removed stale child \(process)")
            scoreboard[retired[index].slot].reset(.empty)
            retired.remove(at: index)
        } else if let index = current.places.firstIndex(where: { $0.child?.process == process }) {
            let reason = vacate(&current.places[index], process, status)
            let place = current.places[index]
            guard !current.wasReady, ending == nil, hasFailed(place, status) else { return }
            var code = ExitStatus.unexpected.rawValue
            if case .exited(let own) = status, own != 0 { code = own }
            startFailed(reason.isEmpty ? "a \(place.role.rawValue) ended with \(status)" : reason, status: code)
        } else if let index = upcoming?.places.firstIndex(where: { $0.child?.process == process }), var next = upcoming
        {
            let reason = vacate(&next.places[index], process, status)
            upcoming = next
            guard hasFailed(next.places[index], status) else { return }
            let text = reason.isEmpty ? "\(status)" : reason
            reloadFailed("The new configuration does not work (\(text)); the old one stays", text)
        }
    }

    /// Empties a place whose child has ended; returns what the child has said about that.
    private func vacate(_ place: inout Generation.Place, _ process: pid_t, _ status: ProcessStatus) -> String {
        let now = ScoreboardSlot.now
        let slot = scoreboard[place.slot]
        let reason = slot.failure
        // However long a start took that failed, it was no life.
        let wasReady = slot.state == .ready || slot.state == .draining
        slot.reset(.empty)
        if let child = place.child { place.policy.ended(from: wasReady ? child.started : now, to: now) }
        place.child = nil
        let metadata: Logger.Metadata = [
            "child_pid": "\(process)", "role": "\(place.role.rawValue)", "status": "\(status)",
        ]
        let text = "Removed dead child \(process): \(status)" + (reason.isEmpty ? "" : ": \(reason)")
        logger.log(.childDied, level: ending == nil ? .warning : .info, "\(text)", metadata: metadata)
        if place.policy.failures >= RestartPolicy.loop && ending == nil {
            let pause = Double(max(0, place.policy.notBefore - now) / 100_000_000) / 10
            logger.log(
                .crashLoop, level: .error,
                "The \(place.role.rawValue) has ended \(place.policy.failures) times in a row; it starts again in \(pause) s",
                metadata: metadata)
        }
        return reason
    }

    /// Whether a child that ended before its generation was ready says that trying again is no use.
    private func hasFailed(_ place: Generation.Place, _ status: ProcessStatus) -> Bool {
        if case .exited(let code) = status, code != 0 { return true }
        return place.policy.failures >= Self.mostCrashes
    }

    private mutating func startFailed(_ reason: String, status: Int32) {
        failure = reason
        logger.log(
            .startFailed, level: .critical, "The service can't start: \(reason)", metadata: ["status": "\(status)"])
        stopAtOnce(status: status)
    }

    mutating func retire(_ children: [Child], _ signal: Int32, within timeout: Duration?) {
        let now = ScoreboardSlot.now
        for var child in children {
            kill(child.process, signal)
            child.deadline = timeout.map { now + $0.nanoseconds }
            retired.append(child)
        }
    }
}
