/// One try to store an image's data.
public struct StoreUpload: Sendable, Hashable {
    public let imageID: String
    /// Unique for each try: what tells its data from those of another try for the same image.
    public let uploadID: String

    public init(imageID: String, uploadID: String) {
        self.imageID = imageID
        self.uploadID = uploadID
    }

    /// Whether both ids can be part of a name in any backend.
    public var hasPlainIDs: Bool { Self.isPlainID(imageID) && Self.isPlainID(uploadID) }

    /// Letters, digits, `-` and `_`: nothing that means something in a path, in a URL, in a pattern or in a name of a driver's own.
    public static func isPlainID(_ text: some StringProtocol) -> Bool {
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
