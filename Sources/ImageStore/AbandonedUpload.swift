/// An upload whose process died before it was done, found by ``Store/sweep(minimumAge:)``.
public struct AbandonedUpload: Sendable, Hashable {
    public let imageID: String
    public let uploadID: String
    /// Bytes that it had taken.
    public let size: Int64

    public init(imageID: String, uploadID: String, size: Int64) {
        self.imageID = imageID
        self.uploadID = uploadID
        self.size = size
    }
}
