/// One try to store an image's data.
public struct StoreUpload: Sendable, Hashable {
    public let imageID: String
    /// Unique for each try: what tells its data from those of another try for the same image.
    public let uploadID: String

    public init(imageID: String, uploadID: String) {
        self.imageID = imageID
        self.uploadID = uploadID
    }
}
