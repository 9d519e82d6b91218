import Events
import Glibc
import Logging
import Scoreboard
import Systemd

extension Supervisor {
    /// What a worker needs after it has cut its requests at the timeout, to clean up behind them.
    private static let cleanUpTime: Duration = .seconds(2)
    /// How long workers have to close the listening socket before it is shut down for all of them.
    private static let refusalTime: Int64 = 1_000_000_000

    mutating func stop(status: Int32) {
        logger.log(.serviceStopping, "Stopping: \(children.count) children finish their requests")
        ending = status
        notifier?.send(.stopping)
        let timeout = current.settings.drainTimeout
        let all = children
        current.places = []
        if let upcoming, upcoming.socket != current.socket { close(upcoming.socket) }
        upcoming = nil
        retired = []
        // What the service manager keeps for the next start is where connections wait for that.
        if !isInherited && !keepsDescriptors { refusal = ScoreboardSlot.now + Self.refusalTime }
        retire(all, SIGTERM, within: timeout.map { $0 + Self.cleanUpTime })
        endProbe()
    }

    /// Closes the listening socket of a service that stops as soon as no worker has it open any more, so that clients are
    /// refused and go elsewhere instead of waiting in the kernel's queue.
    ///
    /// Workers close theirs at TERM. It is only taken from them if one does not: one that has not heard of the end yet
    /// would take the loss of its socket for a failure.
    mutating func refuseConnections() {
        guard let deadline = refusal else { return }
        let isLate = deadline <= ScoreboardSlot.now
        let accepting = retired.contains { child in
            child.role.acceptsConnections && (!child.isWatched || scoreboard[child.slot].state != .draining)
        }
        guard isLate || !accepting else { return }
        if isLate { shutdown(current.socket, Int32(SHUT_RDWR)) }
        close(current.socket)
        refusal = nil
    }

    mutating func stopAtOnce(status: Int32) {
        if ending == nil && failure == nil { logger.log(.serviceStopping, "Stopping at once") }
        ending = status
        notifier?.send(.stopping)
        for child in children { kill(child.process, SIGKILL) }
        endProbe()
    }

    mutating func reload() {
        notifier?.send(.reloading(monotonicMicroseconds: UInt64(max(0, ScoreboardSlot.now / 1000))))
        do {
            let loaded = try load()
            let settings = loaded.settings
            logger = Self.newLogger
            if isHandedOver { logger.log(.handover, "This program has taken over \(children.count) children") }
            isHandedOver = false
            logger.log(.reloadBegun, "The configuration is read, new children start")
            if upcoming != nil { abandon() }
            let configuration = try SealedConfiguration.make(loaded.childConfiguration)
            var socket = current.socket
            let isMoved =
                settings.bindHost != current.settings.bindHost || settings.bindPort != current.settings.bindPort
            if isMoved && !isInherited {
                do {
                    socket = try settings.address.open(within: .zero, wait: { _ in false }) ?? current.socket
                } catch {
                    close(configuration)
                    throw error
                }
            } else {
                listen(socket, Int32(clamping: settings.backlog))
            }
            upcoming = Generation(
                settings: settings, socket: socket, configuration: configuration, places: places(for: settings))
        } catch {
            reloadFailed("The configuration is not reloaded, the old one stays: \(error)", "\(error)")
        }
    }

    /// Goes on with what there was before a reload or an upgrade.
    mutating func reloadFailed(_ text: String, _ reason: String) {
        logger.log(.reloadFailed, level: .error, "\(text)")
        reloadFailure = reason
        abandon()
        // The service manager waits for the end of the reload, however it ends.
        notifier?.send(.ready)
    }

    /// Gives up on the generation that was to take over.
    mutating func abandon() {
        guard let generation = upcoming else { return }
        upcoming = nil
        retire(generation.children, SIGKILL, within: .zero)
        if generation.socket != current.socket { close(generation.socket) }
        if let configuration = generation.configuration { close(configuration) }
    }

    mutating func addWorker() {
        guard current.workerCount < SupervisorSettings.mostWorkers else { return }
        current.places += freeSlots(1).map { Generation.Place(role: .worker, slot: $0) }
    }

    mutating func removeWorker() {
        guard current.workerCount > 1,
            let last = current.places.lastIndex(where: { $0.role == .worker })
        else { return }
        retire([current.places.remove(at: last).child].compactMap { $0 }, SIGHUP, within: nil)
    }
}
