import Events
import Glibc
import Logging
import Scoreboard
import Systemd

extension Supervisor {
    /// What a worker needs after it has cut its requests at the timeout, to clean up behind them.
    private static let farewell: Duration = .seconds(2)

    mutating func stop(status: Int32) {
        logger.log(.serviceStopping, "Stopping: \(children.count) children finish their requests")
        ending = status
        notifier?.send(.stopping)
        let timeout = current.settings.drainTimeout
        let all = children
        current.places = []
        upcoming = nil
        retired = []
        retire(all, SIGTERM, within: timeout.map { $0 + Self.farewell })
        endProbe()
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
            let settings = try load()
            logger = Self.newLogger
            if isHandedOver { logger.log(.handover, "This program has taken over \(children.count) children") }
            isHandedOver = false
            logger.log(.reloadBegun, "The configuration is read, new children start")
            if upcoming != nil { abandon() }
            var socket = current.socket
            let isMoved =
                settings.bindHost != current.settings.bindHost || settings.bindPort != current.settings.bindPort
            if isMoved && !isInherited {
                // With no patience there is no waiting, either.
                socket = try settings.address.open(patience: .zero, wait: { _ in false }) ?? current.socket
            } else {
                listen(socket, Int32(clamping: settings.backlog))
            }
            upcoming = Generation(settings: settings, socket: socket, places: places(for: settings))
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
    }

    mutating func addWorker() {
        guard current.workerCount < SupervisorSettings.mostWorkers else { return }
        current.places += freeSlots(1).map { Generation.Place(role: Generation.worker, slot: $0) }
    }

    mutating func removeWorker() {
        guard current.workerCount > 1,
            let last = current.places.lastIndex(where: { $0.role == Generation.worker })
        else { return }
        retire([current.places.remove(at: last).child].compactMap { $0 }, SIGHUP, within: nil)
    }
}
