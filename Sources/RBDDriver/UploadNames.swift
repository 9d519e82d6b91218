import ImageStore

/// The names that an upload's image has beside the final one: `<image id>.<upload id>.part` while it is written, and
/// `….gone` while it is being discarded. An image's own name has no dot.
struct UploadNames: Sendable, Hashable {
    let upload: StoreUpload

    var final: String { upload.imageID }
    var part: String { "\(upload.imageID).\(upload.uploadID).part" }
    var gone: String { "\(upload.imageID).\(upload.uploadID).gone" }

    /// - Throws: ``StoreError/backend(_:)`` when an id cannot be part of an image's name.
    init(_ upload: StoreUpload) throws(StoreError) {
        guard upload.hasPlainIDs else {
            throw .backend("an image or upload id has characters that cannot be in the name of an RBD image")
        }
        self.upload = upload
    }

    /// Nil for names of any other form.
    init?(temporary name: String) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, ["part", "gone"].contains(parts[2]), StoreUpload.isPlainID(parts[0]),
            StoreUpload.isPlainID(parts[1])
        else {
            return nil
        }
        upload = StoreUpload(imageID: String(parts[0]), uploadID: String(parts[1]))
    }
}
