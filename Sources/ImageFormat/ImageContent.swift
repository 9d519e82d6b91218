/// What the bytes of an image have turned out to be.
public struct ImageContent: Sendable, Equatable {
    /// Bytes of the data.
    public let size: Int64
    /// Every format whose marks the data have, in the order of their names; none: raw.
    public let findings: [FormatFinding]
}
