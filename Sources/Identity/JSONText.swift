/// Finds a member in JSON text without decoding what is around it.
struct JSONText {
    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The text of the member at `path`, nil when there is none.
    ///
    /// - Parameter bytes: JSON that a decoder accepted. Other bytes give some result, but never a crash.
    static func member(_ path: [String], of bytes: [UInt8]) -> String? {
        var text = JSONText(bytes)
        for name in path {
            guard text.enter(name) else { return nil }
        }
        let start = text.position
        text.skipValue()
        return String(decoding: bytes[start..<text.position], as: UTF8.self)
    }

    private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Moves to the value of member `name` of the object that begins here.
    private mutating func enter(_ name: String) -> Bool {
        guard byte == UInt8(ascii: "{") else { return false }
        position += 1
        skipBlanks()
        while byte == UInt8(ascii: "\"") {
            let start = position + 1
            skipString()
            let isWanted = start < position && bytes[start..<position - 1].elementsEqual(name.utf8)
            skipBlanks()
            guard byte == UInt8(ascii: ":") else { return false }
            position += 1
            skipBlanks()
            if isWanted { return true }
            skipValue()
            skipBlanks()
            guard byte == UInt8(ascii: ",") else { return false }
            position += 1
            skipBlanks()
        }
        return false
    }

    private mutating func skipValue() {
        var depth = 0
        while let byte {
            switch byte {
            case UInt8(ascii: "\""):
                skipString()
                if depth == 0 { return }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
                if depth == 0 {
                    position += 1
                    return
                }
            case UInt8(ascii: ","):
                if depth == 0 { return }
            default:
                break
            }
            position += 1
        }
    }

    private mutating func skipString() {
        position += 1
        while let byte {
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { break }
        }
        position = min(position, bytes.count)
    }

    private mutating func skipBlanks() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }
}
