import ImageStore

/// The names that an upload has in a data directory beside the final one: `.<image id>.<upload id>.part` while it is written
/// and until its end is recorded, `.<image id>.<upload id>.gone` while it is being discarded. Hidden and with a suffix, they
/// cannot be taken for an image, and what a killed process left can be found by its two ids.
struct PartName: Sendable, Hashable {
    enum Stage: String {
        case part, gone
    }

    let upload: StoreUpload

    func text(_ stage: Stage) -> String { ".\(upload.imageID).\(upload.uploadID).\(stage.rawValue)" }

    /// - Throws: ``StoreError/backend(_:)`` when an id cannot be part of a file name.
    init(_ upload: StoreUpload) throws(StoreError) {
        guard upload.hasPlainIDs else {
            throw .backend("an image or upload id has characters that cannot be in a file name")
        }
        self.upload = upload
    }

    /// A file that a process makes to see what the filesystem can do.
    init(trialOf process: Int32) {
        upload = StoreUpload(imageID: "trial", uploadID: "\(process)")
    }

    /// Nil for names of any other form.
    init?(text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].isEmpty, Stage(rawValue: String(parts[3])) != nil,
            StoreUpload.isPlainID(parts[1]),
            StoreUpload.isPlainID(parts[2])
        else { return nil }
        upload = StoreUpload(imageID: String(parts[1]), uploadID: String(parts[2]))
    }
}
