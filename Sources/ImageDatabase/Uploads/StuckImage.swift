public import ImageModel
public import TextCoding

/// An image on which nobody seems to work.
public struct StuckImage: Sendable, Equatable {
    public var id: String
    /// `saving`, `uploading` or `importing`.
    public var status: ImageStatus
    public var updatedAt: Timestamp
    public var size: Int64?
}
