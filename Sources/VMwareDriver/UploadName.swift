package import ImageStore

/// The names that an upload has in a directory beside the image's own: `IMAGE.UPLOAD.STAGE`. No image has a name with dots.
package struct UploadName: Sendable, Hashable {
    package enum Stage: String, Sendable, CaseIterable {
        /// An empty file: the upload goes on. Whoever takes it away decides how: a commit renames it, a discard removes it.
        case open
        /// The data, until they get the image's name.
        case part
        /// What `open` becomes when the upload is complete. As long as it is there, the data under the image's name are this
        /// upload's, unless one of the following is there too, or `part`.
        case moving
        /// `part` of a complete upload that is being discarded.
        case dropped
        /// The data under the image's name, when a complete upload is being discarded.
        case gone
    }

    package let upload: StoreUpload

    /// - Throws: ``StoreError/backend(_:)`` when an id cannot be part of a file name.
    package init(_ upload: StoreUpload) throws(StoreError) {
        guard upload.hasPlainIDs else {
            throw .backend("an image or upload id has characters that cannot be in a file name")
        }
        self.upload = upload
    }

    /// Nil for names of any other form.
    package init?(file: String) { self.init(parts: Self.parts(file)) }

    private init?(parts: (upload: StoreUpload, stage: Stage)?) {
        guard let parts else { return nil }
        upload = parts.upload
    }

    private static func parts(_ file: String) -> (upload: StoreUpload, stage: Stage)? {
        let parts = file.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let stage = Stage(rawValue: String(parts[2])), StoreUpload.isPlainID(parts[0]),
            StoreUpload.isPlainID(parts[1])
        else {
            return nil
        }
        return (StoreUpload(imageID: String(parts[0]), uploadID: String(parts[1])), stage)
    }

    /// The stage that a file's name tells; nil for names of any other form.
    static func stage(ofFile name: String) -> Stage? { parts(name)?.stage }

    package func file(_ stage: Stage) -> String { "\(upload.imageID).\(upload.uploadID).\(stage.rawValue)" }

    /// Matches all files of the upload that are not under the image's name.
    var pattern: String { "\(upload.imageID).\(upload.uploadID).*" }
}
