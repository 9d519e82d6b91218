public import Hummingbird
public import Logging
public import NIOCore

/// Request contexts that ``HTTPListener`` can make.
public protocol InitializableFromRequestSource: RequestContext where Source == HTTPRequestSource {}

/// What the listener knows about a request before any handler runs.
public struct HTTPRequestSource: RequestContextSource {
    /// The listener's logger.
    public let logger: Logger
    /// Address of the client; `nil` when it went away before we asked.
    public let remoteAddress: SocketAddress?
    /// When the request's head had come.
    public let arrival: ContinuousClock.Instant

    public init(logger: Logger, remoteAddress: SocketAddress?, arrival: ContinuousClock.Instant = .now) {
        self.logger = logger
        self.remoteAddress = remoteAddress
        self.arrival = arrival
    }
}
