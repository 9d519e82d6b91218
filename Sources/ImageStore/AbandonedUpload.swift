/// What an upload has left in a store, found by ``Store/leftovers(minimumAge:)``.
public struct AbandonedUpload: Sendable, Hashable {
    public let upload: StoreUpload
    /// Bytes that it had taken.
    public let size: Int64

    public init(_ upload: StoreUpload, size: Int64) {
        self.upload = upload
        self.size = size
    }
}
