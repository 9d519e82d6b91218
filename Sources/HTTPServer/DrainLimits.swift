/// How long the connections of a listener that ends may go on.
public struct DrainLimits: Sendable, Equatable {
    /// Running requests are cut after this time.
    public var timeout: Duration
    /// An idle connection may bring one more request within this time of the drain's begin, or of its last answer if that is
    /// later. The answer says `Connection: close`; whoever brings none is closed then.
    public var idleGrace: Duration

    public init(timeout: Duration, idleGrace: Duration = .zero) {
        self.timeout = timeout
        self.idleGrace = idleGrace
    }
}
