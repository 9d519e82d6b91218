/// Why bytes are not a document that ``XMLElement`` reads.
public enum XMLError: Error, Sendable, Equatable {
    /// Not well-formed, at this byte.
    case malformed(at: Int)
    /// Elements stand deeper in each other than ``XMLElement/depthLimit``.
    case tooDeep
    /// A document type declaration, or an encoding other than UTF-8.
    case unsupported
}
