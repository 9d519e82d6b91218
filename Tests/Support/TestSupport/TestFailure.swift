/// Something around the test did not work: a server that does not start, an answer that makes going on senseless.
public struct TestFailure: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
