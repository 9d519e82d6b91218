import Events
import Logging
import Synchronization
import TextCoding
import Threads

/// The drivers `messaging` and `messagingv2`: a bounded queue, and a thread that carries what is in it to a broker.
///
/// The thread begins with the first notification. What the broker has confirmed is told once; what it has not confirmed when a
/// connection breaks is sent again, with the same id.
final class BrokerSink: NotificationSink {
    /// Notifications that wait at most, and their bytes.
    private static let capacity = 10_000
    private static let largestSize = 32 << 20
    /// Messages that are sent before their confirmations are waited for.
    private static let batch = 100
    /// How long the end of the process waits.
    private static let lastTime: Duration = .seconds(5)

    private let settings: BrokerSettings
    private let process: String
    private let logger: Logger
    private let queue: NotificationQueue
    private let bell = Bell()
    private let state = Mutex(State())

    private struct State {
        var isStarted = false
        var isStopping = false
        var isOver = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    init(
        _ settings: BrokerSettings, process: String, logger: Logger, capacity: Int = BrokerSink.capacity
    ) {
        self.settings = settings
        self.process = process
        self.logger = logger
        queue = NotificationQueue(capacity: capacity, size: Self.largestSize)
    }

    func take(_ notification: Notification) {
        let uniqueID = UUIDText.random().replacing("-", with: "")
        let offer = queue.offer(QueuedMessage(notification, formats: settings.formats, uniqueID: uniqueID))
        guard case .first = offer else { return }
        start()
        bell.ring()
    }

    private func start() {
        let isNew = state.withLock { state in
            defer { state.isStarted = true }
            return !state.isStarted
        }
        guard isNew else { return }
        do {
            try DetachedThread.start("notifier") { [self] in
                var sender = Sender(self)
                sender.run()
                state.withLock { state in
                    state.isOver = true
                    state.waiter.take()?.resume()
                }
            }
        } catch {
            logger.error("no thread for notifications: none are sent", metadata: ["error": "\(error)"])
        }
    }

    func shutdown() async {
        let isRunning = state.withLock { state in
            state.isStopping = true
            return state.isStarted
        }
        guard isRunning else { return }
        bell.ring()
        let timer = Task {
            try await Task.sleep(for: Self.lastTime)
            state.withLock { $0.waiter.take()?.resume() }
        }
        await withCheckedContinuation { continuation in
            state.withLock { state in
                if state.isOver { continuation.resume() } else { state.waiter = continuation }
            }
        }
        timer.cancel()
    }

    /// What the thread does.
    private struct Sender {
        private let sink: BrokerSink
        private let outage = Outage()
        private var connection: BrokerConnection?
        /// Whether a message went through since the last outage.
        private var hasWorked = false
        /// Those in a row.
        private var failures = 0
        private var batch = BrokerSink.batch
        private var dropped = 0

        init(_ sink: BrokerSink) { self.sink = sink }

        private var settings: BrokerSettings { sink.settings }
        private var isStopping: Bool { sink.state.withLock(\.isStopping) }

        mutating func run() {
            while true {
                if sink.queue.count == 0 {
                    if isStopping { break }
                    rest()
                } else if !send(), isStopping {
                    break
                }
            }
            connection?.close()
            dropped += sink.queue.takeDropped() + sink.queue.count
            tellDropped()
        }

        /// Nothing is to be sent.
        private mutating func rest() {
            sink.bell.wait(alongside: connection?.descriptor, milliseconds: connection?.pollInterval ?? -1)
            do {
                try connection?.poll()
            } catch {
                // Nobody has missed anything yet.
                sink.logger.debug("the broker has closed a connection", metadata: ["error": "\(error)"])
                connection = nil
            }
        }

        /// Sends some of what waits.
        ///
        /// - Returns: false when it has failed.
        private mutating func send() -> Bool {
            let attempt = outage.attempt
            do throws(BrokerError) {
                let open = if let connection { connection } else { try connect() }
                connection = open
                let messages = sink.queue.first(batch)
                dropped += try open.publish(messages)
                sink.queue.remove(messages.count)
                succeeded(attempt)
                return true
            } catch {
                connection = nil
                failed(error, attempt)
                return false
            }
        }

        private func connect() throws(BrokerError) -> BrokerConnection {
            var reasons: [String] = []
            for host in settings.shuffles ? settings.url.hosts.shuffled() : settings.url.hosts {
                if isStopping, !reasons.isEmpty { break }
                do {
                    return try BrokerConnection.open(to: host, settings, process: sink.process)
                } catch {
                    reasons.append("\(host.name):\(host.port): \(error)")
                }
            }
            throw .failed(reasons.joined(separator: "; "))
        }

        private mutating func succeeded(_ attempt: Outage.Attempt) {
            hasWorked = true
            failures = 0
            batch = BrokerSink.batch
            dropped += sink.queue.takeDropped()
            if outage.ends(with: attempt) {
                sink.logger.log(
                    .brokerBack, "Notifications are sent again", metadata: ["dropped": "\(dropped)"])
                dropped = 0
            }
            tellDropped()
        }

        /// Drops that belong to no outage of which the end will be told.
        private mutating func tellDropped() {
            guard dropped > 0 else { return }
            sink.logger.log(
                .notificationsDropped, level: .warning, "Notifications were not sent",
                metadata: ["dropped": "\(dropped)"])
            dropped = 0
        }

        private mutating func failed(_ error: BrokerError, _ attempt: Outage.Attempt) {
            failures += 1
            if error.isAboutMessage {
                // One of them is the reason, and must not keep the others.
                if batch == 1 { sink.queue.drop(1) }
                batch = 1
            }
            // A connection that breaks is made again at once; that is no outage.
            if failures > 1 || !hasWorked, outage.begins(with: attempt) {
                hasWorked = false
                sink.logger.log(
                    .brokerUnreachable, level: .warning, "Notifications cannot be sent, will try again",
                    metadata: ["error": "\(error)"])
            }
            if let retries = settings.retries, failures > retries { sink.queue.drop(sink.queue.count) }
            pause()
        }

        /// Until the next attempt, or the end of the process.
        private func pause() {
            let delay: Double
            if failures == 1, hasWorked {
                delay = settings.reconnectDelay + .random(in: 0...max(0, settings.reconnectSplay))
            } else {
                let (first, growth, longest) = settings.pause
                delay = min(first + growth * Double(failures - 1), longest)
            }
            let end = ContinuousClock.now + .seconds(max(0, min(delay, 3600)))
            while !isStopping {
                let left = (end - .now).components
                let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
                if milliseconds <= 0 { return }
                sink.bell.wait(milliseconds: Int32(clamping: milliseconds))
            }
        }
    }
}
