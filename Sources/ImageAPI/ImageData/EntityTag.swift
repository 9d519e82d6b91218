import ImageModel

/// A validator of an image's data (RFC 9110, section 8.8.3).
struct EntityTag: Equatable {
    /// The characters between the quotes.
    var value: String
    var isWeak = false

    /// The strong tag of an image's data: the multihash, else the checksum; nil when there is neither. Data never change once
    /// an image is active, and equal hashes mean equal bytes, so the tag holds for every range and every store.
    init?(of image: Image) {
        guard let hash = image.hashValue ?? image.checksum, hash.utf8.allSatisfy(Self.isTagCharacter) else {
            return nil
        }
        value = hash
    }

    init(value: String, isWeak: Bool = false) {
        self.value = value
        self.isWeak = isWeak
    }

    /// The form in a header field.
    var text: String { isWeak ? "W/\"\(value)\"" : "\"\(value)\"" }

    /// Reads a list of tags; nil when it is not one.
    static func list(_ header: String) -> [EntityTag]? {
        var tags: [EntityTag] = []
        var rest = header[...].utf8
        func skip(_ rest: inout Substring.UTF8View, while matches: (UInt8) -> Bool) {
            rest = rest.drop(while: matches)
        }
        while true {
            // Empty elements are to be tolerated (section 5.6.1).
            skip(&rest) { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: ",") }
            if rest.isEmpty { return tags }
            let isWeak = rest.starts(with: "W/".utf8)
            if isWeak { rest.removeFirst(2) }
            guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
            let value = rest.prefix(while: isTagCharacter)
            rest.removeFirst(value.count)
            guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
            tags.append(EntityTag(value: String(decoding: value, as: UTF8.self), isWeak: isWeak))
            skip(&rest) { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return nil }
        }
    }

    private static func isTagCharacter(_ byte: UInt8) -> Bool {
        byte == 0x21 || (0x23...0x7E).contains(byte) || byte >= 0x80
    }
}
