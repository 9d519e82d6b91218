import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// What all connections of a listener share.
final class ServerState: Sendable {
    typealias Respond = @Sendable (Request, SocketAddress?, ContinuousClock.Instant) async throws -> Response

    let options: HTTPListenerOptions
    let logger: Logger
    let date = HTTPDate()
    /// Answers a request that came from the address at that time.
    let respond: Respond
    let activeRequests = Atomic<Int>(0)
    let answeredRequests = Atomic<Int>(0)
    let isDraining = Atomic<Bool>(false)
    /// While draining: since when (``NIODeadline/uptimeNanoseconds``), and for how many nanoseconds an idle connection may
    /// bring one more request.
    let drainBegan = Atomic<UInt64>(0)
    let idleGrace = Atomic<Int64>(0)
    let renderRefusal: RefusalRenderer

    private let beforeAnswers: @Sendable () -> Void
    private let turns: [ObjectIdentifier: LoopTurn]
    private let registry = Mutex(Registry())

    private struct Registry {
        var connections: [ObjectIdentifier: HTTPConnection] = [:]
        var emptied: [CheckedContinuation<Void, Never>] = []
    }

    init(
        options: HTTPListenerOptions, eventLoopGroup: any EventLoopGroup, logger: Logger,
        renderRefusal: @escaping RefusalRenderer, beforeAnswers: @escaping @Sendable () -> Void,
        respond: @escaping Respond
    ) {
        self.options = options
        self.logger = logger
        self.renderRefusal = renderRefusal
        self.respond = respond
        turns = Dictionary(
            uniqueKeysWithValues: eventLoopGroup.makeIterator().map {
                (ObjectIdentifier($0), LoopTurn($0, beforeAnswers: beforeAnswers))
            })
        self.beforeAnswers = beforeAnswers
    }

    func turn(of eventLoop: any EventLoop) -> LoopTurn {
        turns[ObjectIdentifier(eventLoop)] ?? LoopTurn(eventLoop, beforeAnswers: beforeAnswers)
    }

    var connections: [HTTPConnection] { registry.withLock { Array($0.connections.values) } }

    var connectionCount: Int { registry.withLock { $0.connections.count } }

    func add(_ connection: HTTPConnection) {
        registry.withLock { $0.connections[ObjectIdentifier(connection)] = connection }
    }

    func remove(_ connection: HTTPConnection) {
        let emptied = registry.withLock { registry -> [CheckedContinuation<Void, Never>] in
            registry.connections[ObjectIdentifier(connection)] = nil
            guard registry.connections.isEmpty else { return [] }
            defer { registry.emptied = [] }
            return registry.emptied
        }
        for continuation in emptied { continuation.resume() }
    }

    /// Returns when there is no connection.
    func waitUntilEmpty() async {
        await withCheckedContinuation { continuation in
            let isEmpty = registry.withLock { registry in
                if registry.connections.isEmpty { return true }
                registry.emptied.append(continuation)
                return false
            }
            if isEmpty { continuation.resume() }
        }
    }
}
