import ImageStore

/// The names that an upload has in its container beside the image's: those of its segments, and a mark that is there while
/// it is under way and until its end is recorded.
///
/// Segments carry the upload's id, so that nobody takes another upload's for them; Swift, and with it Python Glance, finds
/// them by the prefix in the manifest.
struct UploadNames: Sendable, Hashable {
    enum Stage: String, CaseIterable {
        /// The upload is under way, or complete and not yet recorded.
        case part
        /// Somebody discards it.
        case gone
    }

    /// What the names of all marks begin with.
    static let markPrefix = ".upload."

    let upload: StoreUpload

    /// - Throws: ``StoreError/backend(_:)`` when an id cannot be part of a name.
    init(_ upload: StoreUpload) throws(StoreError) {
        guard upload.hasPlainIDs else {
            throw .backend("an image or upload id has characters that cannot be in an object's name")
        }
        self.upload = upload
    }

    /// Nil for names that are no mark's.
    init?(mark: String) {
        guard mark.hasPrefix(Self.markPrefix) else { return nil }
        let parts = mark.dropFirst(Self.markPrefix.count).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, Stage(rawValue: String(parts[2])) != nil, StoreUpload.isPlainID(parts[0]),
            StoreUpload.isPlainID(parts[1])
        else { return nil }
        upload = StoreUpload(imageID: String(parts[0]), uploadID: String(parts[1]))
    }

    func mark(_ stage: Stage) -> String {
        "\(Self.markPrefix)\(upload.imageID).\(upload.uploadID).\(stage.rawValue)"
    }

    /// What the names of the segments begin with.
    var segmentPrefix: String { "\(upload.imageID)-\(upload.uploadID)-" }

    /// - Parameter number: from 1.
    func segment(_ number: Int) -> String {
        let digits = String(number)
        return segmentPrefix + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    /// Whether a name is that of a segment that Python Glance has written for an image.
    static func isForeignSegment(_ name: String, ofImage id: String) -> Bool {
        guard name.hasPrefix("\(id)-") else { return false }
        let number = name.dropFirst(id.count + 1)
        return number.count >= 5 && number.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
