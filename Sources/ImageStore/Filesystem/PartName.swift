/// The name of a file that is being written: `.<image id>.<upload id>.part`. Hidden and with a suffix, it cannot be
/// taken for an image, and what a killed process left can be found by its two ids.
struct PartName: Sendable, Hashable {
    let imageID: String
    let uploadID: String

    var text: String { ".\(imageID).\(uploadID).part" }

    /// - Throws: ``StoreError/backend(_:)`` when an id cannot be part of a file name.
    init(imageID: String, uploadID: String) throws(StoreError) {
        guard Self.isID(imageID), Self.isID(uploadID) else {
            throw .backend("an image or upload id has characters that cannot be in a file name")
        }
        self.imageID = imageID
        self.uploadID = uploadID
    }

    /// Nil for names of any other form.
    init?(text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].isEmpty, parts[3] == "part", Self.isID(parts[1]), Self.isID(parts[2]) else {
            return nil
        }
        imageID = String(parts[1])
        uploadID = String(parts[2])
    }

    /// Letters, digits, `-` and `_`: nothing that means something in a path or in a name of ours.
    private static func isID(_ text: some StringProtocol) -> Bool {
        (1...100).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
