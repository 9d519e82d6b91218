/// The event loop on which those run who look something up, for a database that answers several at once.
public struct LookupTurns: Sendable {
    /// Runs something on the loop, after all that is ready to run there.
    let atEnd: @Sendable (@escaping @Sendable () -> Void) -> Void

    public init(atEnd: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) { self.atEnd = atEnd }
}
