/// The path of a patch operation: a JSON pointer (RFC 6901) to an attribute, or to a location in the list of locations.
struct PatchPointer: Equatable {
    /// Unescaped segments, at least one.
    let segments: [String]

    /// The attribute.
    var attribute: String { segments[0] }

    /// - Throws: ``APIError`` 400 when the text is not a pointer.
    init(_ text: String) throws(APIError) {
        let bytes = text.utf8
        guard bytes.first == UInt8(ascii: "/") else { throw .badRequest("Pointer '\(text)' does not start with '/'.") }
        let parts = bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        var segments: [String] = []
        for part in parts {
            let segment = try Self.unescape(part, in: text).trimmingBlanks()
            // A pointer to the property with the empty name is the only one with an empty segment.
            guard parts.count == 1 || !segment.isEmpty else {
                throw .badRequest("Pointer '\(text)' has an empty part.")
            }
            segments.append(segment)
        }
        self.segments = segments
    }

    /// Turns `~1` into `/` and `~0` into `~`.
    private static func unescape(_ part: Substring.UTF8View, in text: String) throws(APIError) -> String {
        guard part.contains(UInt8(ascii: "~")) else { return String(Substring(part)) }
        var bytes: [UInt8] = []
        var rest = part[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "~") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "0"): bytes.append(UInt8(ascii: "~"))
            case UInt8(ascii: "1"): bytes.append(UInt8(ascii: "/"))
            default: throw .badRequest("Pointer '\(text)' contains a '~' that is not part of '~0' or '~1'.")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
