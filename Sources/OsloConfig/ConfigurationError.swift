/// A start that cannot succeed because of the configuration. `description` is one line for the operator.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) { self.description = description }
}
