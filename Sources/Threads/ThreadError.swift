import Glibc

/// The system has no thread left.
public struct ThreadError: Error, Sendable, Equatable, CustomStringConvertible {
    /// As in errno(3).
    public let code: Int32

    public init(code: Int32) { self.code = code }

    public var description: String { String(cString: strerror(code)) }
}
