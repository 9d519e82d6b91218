/// A start that cannot succeed because of the configuration. `description` is one line for the operator.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
    /// What else is wrong, found at the same time; one line each.
    public var others: [String] = []

    public init(_ description: String) { self.description = description }
}
