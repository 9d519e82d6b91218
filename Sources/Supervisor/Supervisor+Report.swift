import Glibc
import Scoreboard
import Systemd

extension Supervisor {
    /// A stop that goes on says so twice in this time.
    private static let stopExtension: Int64 = 30_000_000_000

    /// Tells the service manager how things are.
    mutating func report() {
        guard let notifier else { return }
        let now = ScoreboardSlot.now
        if let watchdogInterval, now >= nextWatchdog, isHealthy(at: now) {
            notifier.send(.watchdog)
            nextWatchdog = now + watchdogInterval
        }
        if ending != nil, now >= nextExtension {
            // The service manager's own limit must not cut what ours allows.
            notifier.send(.extendTimeout(microseconds: UInt64(Self.stopExtension / 1000)))
            nextExtension = now + Self.stopExtension / 2
        }
        let text = statusLine(at: now)
        guard text != status else { return }
        status = text
        notifier.send(.status(text))
    }

    /// Whether all children give signs of life. Those that don't are killed and replaced; the service manager need only
    /// step in where that does not help.
    private func isHealthy(at now: Int64) -> Bool {
        !current.children.contains { isSilent($0, at: now) && !isDebugged($0.process) }
    }

    // MARK: The status line

    private func statusLine(at now: Int64) -> String {
        if let failure { return "Can't start: \(failure)" }
        let slots = children.filter(\.isWatched).map { scoreboard[$0.slot] }
        let load = [
            Self.count(slots.reduce(0) { $0 + $1.activeRequests }, "request"),
            Self.count(slots.reduce(0) { $0 + $1.transfers }, "transfer"), Self.imports(slots),
        ].compactMap { $0 }.joined(separator: ", ")
        if ending != nil { return "Stopping: \(load) in progress" }

        let workers = current.places.filter { $0.role == .worker }
        let ready = workers.count { isReady($0) }
        let readiness =
            ready == workers.count ? Self.count(ready, "worker") : "\(ready) of \(Self.count(workers.count, "worker"))"
        guard current.wasReady else { return "Starting: \(readiness) ready" }
        var parts = [readiness, load]
        if let age = limitsAge() { parts.append(age) }
        if !retired.isEmpty { parts.append("\(retired.count) old children finishing") }
        var text = (upcoming == nil ? "Serving: " : "Reloading: ") + parts.joined(separator: ", ")
        for place in current.places where isFailing(place, at: now) {
            text += "; \(place.role.rawValue) has ended \(place.policy.failures) times in a row"
        }
        if let reloadFailure { text += "; the last reload failed: \(reloadFailure)" }
        return text
    }

    /// The imports that run, and how far they are together; `nil` if there are none.
    private static func imports(_ slots: [ScoreboardSlot]) -> String? {
        let busy = slots.filter { $0.imports > 0 }
        guard !busy.isEmpty else { return nil }
        let imports = count(busy.reduce(0) { $0 + $1.imports }, "import")
        let done = busy.reduce(0) { $0 + $1.importedBytes }
        let size = busy.contains { $0.importSize == 0 } ? nil : busy.reduce(0) { $0 + $1.importSize }
        // Coarse, so that the line doesn't change every second.
        guard let size, size > 0 else { return "\(imports) (\(done >> 30) GiB)" }
        return "\(imports) (\(min(100, done * 20 / size * 5)) % of \(max(1, size >> 20)) MiB)"
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// Whether a place's child can't stay alive.
    private func isFailing(_ place: Generation.Place, at now: Int64) -> Bool {
        place.policy.failures >= RestartPolicy.loop
            && now - (place.child?.started ?? now) < RestartPolicy.longLife
    }

    /// How old the mirrored limits are; `nil` if there is nobody who mirrors them.
    private func limitsAge() -> String? {
        guard current.places.contains(where: { $0.role == .limits }) else { return nil }
        let children = children.filter { $0.role == .limits && $0.isWatched }
        let refreshed = children.map { scoreboard[$0.slot].limitsRefreshed }.max() ?? 0
        guard refreshed > 0 else { return "limits not read yet" }
        let age = max(0, Int(Int64(time(nil)) - refreshed))
        // Coarse, so that the line doesn't change every second.
        switch age {
        case ..<60: return "limits \(age / 5 * 5) s old"
        case ..<3600: return "limits \(age / 60) min old"
        default: return "limits \(age / 3600) h old"
        }
    }
}
