/// The words that describe a VMDK.
struct VMDKDescription: Sendable {
    /// Lower case, up to the first zero; nil if it is no ASCII.
    private let text: [UInt8]?

    init(_ bytes: [UInt8]) {
        let words = bytes.prefix { $0 != 0 }
        text = words.allSatisfy { $0 < 0x80 } ? words.map(Self.lowercase) : nil
    }

    /// The kind of disk, in lower case; nil if it is not said, or more than once: readers would not agree on which counts.
    var createType: String? {
        guard let text else { return nil }
        let places = Self.places(of: Self.key, in: text)
        guard places.count == 1, let start = places.first else { return nil }
        let value = text[(start + Self.key.count)...].prefix(Self.longestType)
        guard let end = value.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
        return String(decoding: value[..<end], as: UTF8.self)
    }

    /// Whether text that stands alone is such a description.
    var isAlone: Bool {
        guard let text else { return false }
        return text.starts(with: Self.title) || !Self.places(of: Self.key, in: text).isEmpty
    }

    /// What is not safe about it, in a sentence.
    var flaw: String? {
        guard let text, !text.isEmpty else { return "There is no description, or it is not text." }
        guard let createType, ["monolithicsparse", "streamoptimized"].contains(createType) else {
            return "Its createType is not allowed."
        }
        var extents = 0
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let line = Self.trimmed(line)
            if line.isEmpty || line.first == UInt8(ascii: "#") || line.starts(with: Array("ddb".utf8)) { continue }
            let words = line.split(separator: UInt8(ascii: " "))
            if Self.isAssignment(line) { continue }
            guard let access = words.first, Self.accesses.contains(where: access.elementsEqual) else {
                return "The description has a line that is not known."
            }
            extents += 1
            guard !line.contains(UInt8(ascii: "/")), !line.contains(UInt8(ascii: "\\")) else {
                return "An extent is in another directory."
            }
            guard words.count > 2, words[2].elementsEqual("sparse".utf8) else { return "An extent is in another file." }
        }
        switch extents {
        case 0: return "The description has no extent."
        case 1: return nil
        default: return "The description has several extents."
        }
    }

    /// Whether these are characters that a text file has.
    static func isText(_ bytes: some Sequence<UInt8>) -> Bool {
        bytes.allSatisfy { 0x20...0x7E ~= $0 || 0x09...0x0D ~= $0 || 0x1C...0x1F ~= $0 }
    }

    private static let key = Array("createtype=\"".utf8)
    private static let title = Array("# disk descriptorfile".utf8)
    private static let longestType = 64
    private static let accesses = ["rw", "rdonly", "noaccess"].map { Array($0.utf8) }

    private static func lowercase(_ byte: UInt8) -> UInt8 { 0x41...0x5A ~= byte ? byte | 0x20 : byte }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte || 0x1C...0x1F ~= byte }
        var line = line
        while let first = line.first, isSpace(first) { line = line.dropFirst() }
        while let last = line.last, isSpace(last) { line = line.dropLast() }
        return line
    }

    /// One word, `=`, and a value.
    private static func isAssignment(_ line: ArraySlice<UInt8>) -> Bool {
        guard let sign = line.firstIndex(of: UInt8(ascii: "=")) else { return false }
        return !line[..<sign].contains(UInt8(ascii: " "))
    }

    private static func places(of key: [UInt8], in text: [UInt8]) -> [Int] {
        guard text.count >= key.count else { return [] }
        return (0...text.count - key.count).filter { start in
            text[start] == key[0] && text[start..<start + key.count].elementsEqual(key)
        }
    }
}
