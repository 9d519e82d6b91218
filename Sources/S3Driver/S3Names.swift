import ImageStore

/// The names that uploads have in a bucket beside those of images. They cannot be taken for an image's: they are in a folder.
enum S3Names {
    /// What all of them begin with.
    static let prefix = ".glance/"
    /// The field that an object of ours has: which upload wrote it.
    static let ownerHeader = "x-amz-meta-glance-upload"

    /// There from before an upload's first byte until its end is recorded.
    static func marker(_ upload: StoreUpload) -> String { "\(prefix)uploads/\(upload.imageID)/\(upload.uploadID)" }
    /// Beside it, where the image is uploaded in parts: its content is the service's own id of that.
    static func parts(_ upload: StoreUpload) -> String { marker(upload) + ".parts" }
    /// Who may give an image its final name just now.
    static func claim(_ imageID: String) -> String { "\(prefix)commits/\(imageID)" }

    /// A name in the folder.
    enum Kind: Equatable {
        case marker(StoreUpload)
        case parts(StoreUpload)
        case claim(imageID: String)
    }

    /// What a name is; nil for one that is none of ours.
    static func kind(of key: String) -> Kind? {
        guard key.hasPrefix(prefix) else { return nil }
        let parts = key.dropFirst(prefix.utf8.count).split(separator: "/", omittingEmptySubsequences: false).map(
            String.init)
        if parts.count == 2, parts[0] == "commits", StoreUpload.isPlainID(parts[1]) { return .claim(imageID: parts[1]) }
        guard parts.count == 3, parts[0] == "uploads", StoreUpload.isPlainID(parts[1]) else { return nil }
        if StoreUpload.isPlainID(parts[2]) { return .marker(StoreUpload(imageID: parts[1], uploadID: parts[2])) }
        guard parts[2].hasSuffix(".parts") else { return nil }
        let uploadID = String(parts[2].dropLast(6))
        return StoreUpload.isPlainID(uploadID) ? .parts(StoreUpload(imageID: parts[1], uploadID: uploadID)) : nil
    }

    /// An upload in parts of which nothing is known but what the service says of it.
    static func foreign(imageID: String, multipart: String) -> StoreUpload {
        StoreUpload(imageID: imageID, uploadID: "s3:" + multipart)
    }

    /// The service's id of such an upload.
    static func multipart(ofForeign upload: StoreUpload) -> String? {
        upload.uploadID.hasPrefix("s3:") ? String(upload.uploadID.dropFirst(3)) : nil
    }

    /// - Throws: ``StoreError/backend(_:)`` when an id cannot be part of a name.
    static func require(_ upload: StoreUpload) throws(StoreError) {
        guard upload.hasPlainIDs else {
            throw .backend("an image or upload id has characters that cannot be in the name of an object")
        }
    }
}
