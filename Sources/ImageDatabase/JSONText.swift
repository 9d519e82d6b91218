import ImageModel

/// JSON (RFC 8259) as the `meta_data` column holds it, read and written without Foundation.
enum JSONText {
    /// Nil for anything that is not one JSON document, or is nested deeper than a hundred levels.
    static func parse(_ text: String) -> JSONValue? {
        var reader = Reader(bytes: Array(text.utf8))
        guard let value = reader.value(depth: 0) else { return nil }
        reader.skipBlanks()
        return reader.isAtEnd ? value : nil
    }

    /// Text in the form of Python's `json.dumps`, with the members of objects in the order of their names.
    static func write(_ value: JSONValue) -> String {
        var text = ""
        append(value, to: &text)
        return text
    }

    private static func append(_ value: JSONValue, to text: inout String) {
        switch value {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? "\(value)" : "null"
        case .string(let value): append(value, to: &text)
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += ", " }
                append(value, to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { text += ", " }
                append(member.key, to: &text)
                text += ": "
                append(member.value, to: &text)
            }
            text += "}"
        }
    }

    private static func append(_ string: String, to text: inout String) {
        text += "\""
        for unit in string.utf16 {
            switch unit {
            case 0x22: text += "\\\""
            case 0x5C: text += "\\\\"
            case 0x0A: text += "\\n"
            case 0x0D: text += "\\r"
            case 0x09: text += "\\t"
            case 0x20..<0x7F: text.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default:
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        text += "\""
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { position >= bytes.count }
        private var next: UInt8? { isAtEnd ? nil : bytes[position] }

        mutating func skipBlanks() {
            while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
        }

        private mutating func skip(_ character: Unicode.Scalar) -> Bool {
            skipBlanks()
            guard next == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        private mutating func skip(word: StaticString) -> Bool {
            let end = position + word.utf8CodeUnitCount
            guard end <= bytes.count, word.withUTF8Buffer({ $0.elementsEqual(bytes[position..<end]) }) else {
                return false
            }
            position = end
            return true
        }

        mutating func value(depth: Int) -> JSONValue? {
            guard depth < 100 else { return nil }
            skipBlanks()
            switch next {
            case UInt8(ascii: "{"): return object(depth: depth)
            case UInt8(ascii: "["): return array(depth: depth)
            case UInt8(ascii: "\""): return string().map { .string($0) }
            case UInt8(ascii: "t"): return skip(word: "true") ? .bool(true) : nil
            case UInt8(ascii: "f"): return skip(word: "false") ? .bool(false) : nil
            case UInt8(ascii: "n"): return skip(word: "null") ? .null : nil
            default: return number()
            }
        }

        private mutating func object(depth: Int) -> JSONValue? {
            guard skip("{") else { return nil }
            var members: [String: JSONValue] = [:]
            if skip("}") { return .object(members) }
            repeat {
                skipBlanks()
                guard let name = string(), skip(":"), let value = value(depth: depth + 1) else { return nil }
                members[name] = value
            } while skip(",")
            return skip("}") ? .object(members) : nil
        }

        private mutating func array(depth: Int) -> JSONValue? {
            guard skip("[") else { return nil }
            var values: [JSONValue] = []
            if skip("]") { return .array(values) }
            repeat {
                guard let value = value(depth: depth + 1) else { return nil }
                values.append(value)
            } while skip(",")
            return skip("]") ? .array(values) : nil
        }

        private mutating func number() -> JSONValue? {
            let start = position
            while let byte = next, "+-.eE0123456789".utf8.contains(byte) { position += 1 }
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            if let integer = Int64(text) { return .integer(integer) }
            return Double(text).flatMap { $0.isFinite ? .number($0) : nil }
        }

        private mutating func string() -> String? {
            guard next == UInt8(ascii: "\"") else { return nil }
            position += 1
            var units: [UInt16] = []
            var plain: [UInt8] = []
            var text = ""
            while let byte = next {
                position += 1
                if byte == UInt8(ascii: "\\") {
                    text += String(decoding: plain, as: UTF8.self)
                    plain = []
                    guard let unit = escape() else { return nil }
                    units.append(unit)
                    continue
                }
                if !units.isEmpty {
                    text += String(decoding: units, as: UTF16.self)
                    units = []
                }
                if byte == UInt8(ascii: "\"") { return text + String(decoding: plain, as: UTF8.self) }
                guard byte >= 0x20 else { return nil }
                plain.append(byte)
            }
            return nil
        }

        private mutating func escape() -> UInt16? {
            guard let byte = next else { return nil }
            position += 1
            switch byte {
            case UInt8(ascii: "n"): return 0x0A
            case UInt8(ascii: "r"): return 0x0D
            case UInt8(ascii: "t"): return 0x09
            case UInt8(ascii: "b"): return 0x08
            case UInt8(ascii: "f"): return 0x0C
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt16(byte)
            case UInt8(ascii: "u"):
                guard position + 4 <= bytes.count else { return nil }
                let digits = String(decoding: bytes[position..<(position + 4)], as: UTF8.self)
                position += 4
                return UInt16(digits, radix: 16)
            default: return nil
            }
        }
    }
}
