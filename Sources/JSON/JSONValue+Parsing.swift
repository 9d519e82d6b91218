import TextCoding

/// Why a text is not JSON, and where.
public struct JSONParsingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, without any of the text itself.
    public let reason: String
    /// Bytes before the place.
    public let offset: Int

    public var description: String { "\(reason) at byte \(offset)" }
}

extension JSONValue {
    /// Arrays and objects may be nested this deep. No document of the API needs more than a handful of levels; without a
    /// limit a small body of brackets would exhaust the stack.
    public static let maximumDepth = 128

    /// Reads one JSON document (RFC 8259), strictly: nothing but white space may follow it, strings are valid UTF-8 without
    /// unpaired surrogates. Of members with the same name the last one wins. Integers beyond 64 bits become numbers.
    ///
    /// - Throws: ``JSONParsingError``.
    public static func parse(_ bytes: some Collection<UInt8>) throws(JSONParsingError) -> JSONValue {
        // Typed throws does not pass through withContiguousStorageIfAvailable, a result does.
        let parsed =
            bytes.withContiguousStorageIfAvailable { JSONParser.parse($0) }
            ?? Array(bytes).withUnsafeBufferPointer {
                JSONParser.parse($0)
            }
        return try parsed.get()
    }

    /// Reads one JSON document from text.
    ///
    /// - Throws: ``JSONParsingError``.
    public static func parse(_ text: String) throws(JSONParsingError) -> JSONValue {
        try parse(text.utf8)
    }
}

/// A recursive descent over bytes. `offset` never passes the end: every read asks ``peek`` first.
private struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    var offset = 0
    var depth = 0

    static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<JSONValue, JSONParsingError> {
        var parser = JSONParser(bytes: bytes)
        do throws(JSONParsingError) {
            let value = try parser.value()
            parser.skipWhiteSpace()
            guard parser.offset == bytes.count else { throw parser.error("unexpected text after the document") }
            return .success(value)
        } catch {
            return .failure(error)
        }
    }

    func error(_ reason: String) -> JSONParsingError {
        JSONParsingError(reason: reason, offset: offset)
    }

    var peek: UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    mutating func skipWhiteSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    mutating func value() throws(JSONParsingError) -> JSONValue {
        skipWhiteSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case nil: throw error("unexpected end")
        case let byte? where byte == UInt8(ascii: "-") || isDigit(byte): return try number()
        default: throw error("unexpected character")
        }
    }

    mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONParsingError) -> JSONValue {
        let count = text.utf8CodeUnitCount
        guard bytes.count - offset >= count, (0..<count).allSatisfy({ bytes[offset + $0] == text.utf8Start[$0] }) else {
            throw error("unexpected character")
        }
        offset += count
        return value
    }

    mutating func enter() throws(JSONParsingError) {
        depth += 1
        guard depth <= JSONValue.maximumDepth else { throw error("more than \(JSONValue.maximumDepth) levels") }
        offset += 1
        skipWhiteSpace()
    }

    mutating func array() throws(JSONParsingError) -> JSONValue {
        try enter()
        var elements: [JSONValue] = []
        if !skip(UInt8(ascii: "]")) {
            repeat {
                elements.append(try value())
                skipWhiteSpace()
            } while skip(UInt8(ascii: ","))
            guard skip(UInt8(ascii: "]")) else { throw error("expected ',' or ']'") }
        }
        depth -= 1
        return .array(elements)
    }

    mutating func object() throws(JSONParsingError) -> JSONValue {
        try enter()
        var members: [String: JSONValue] = [:]
        if !skip(UInt8(ascii: "}")) {
            repeat {
                skipWhiteSpace()
                guard peek == UInt8(ascii: "\"") else { throw error("expected a member name") }
                let name = try string()
                skipWhiteSpace()
                guard skip(UInt8(ascii: ":")) else { throw error("expected ':'") }
                members[name] = try value()
                skipWhiteSpace()
            } while skip(UInt8(ascii: ","))
            guard skip(UInt8(ascii: "}")) else { throw error("expected ',' or '}'") }
        }
        depth -= 1
        return .object(members)
    }

    // MARK: Strings

    mutating func string() throws(JSONParsingError) -> String {
        offset += 1
        let start = offset
        while let byte = peek, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { offset += 1 }
        if peek == UInt8(ascii: "\"") {
            let run = UnsafeBufferPointer(rebasing: bytes[start..<offset])
            guard let text = String(validating: run, as: UTF8.self) else { throw error("invalid UTF-8 in a string") }
            offset += 1
            return text
        }
        return try escapedString(from: start)
    }

    /// Reads the rest of a string that has escapes; the text from `start` to here has none.
    mutating func escapedString(from start: Int) throws(JSONParsingError) -> String {
        var utf8 = Array(bytes[start..<offset])
        while let byte = peek {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: utf8, as: UTF8.self) else {
                    throw error("invalid UTF-8 in a string")
                }
                return text
            case UInt8(ascii: "\\"):
                utf8.append(contentsOf: try escape().utf8)
            case 0..<0x20:
                throw error("control character in a string")
            default:
                utf8.append(byte)
            }
        }
        throw error("unterminated string")
    }

    mutating func escape() throws(JSONParsingError) -> String {
        guard let byte = peek else { throw error("unterminated string") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return String(try unicodeEscape())
        default: throw error("unknown escape in a string")
        }
    }

    mutating func unicodeEscape() throws(JSONParsingError) -> Unicode.Scalar {
        let unit = try hexadecimal()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard UTF16.isLeadSurrogate(unit), skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) else {
            throw error("unpaired surrogate in a string")
        }
        let trail = try hexadecimal()
        guard UTF16.isTrailSurrogate(trail) else { throw error("unpaired surrogate in a string") }
        let value = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(trail) - 0xDC00)
        guard let scalar = Unicode.Scalar(value) else { throw error("unpaired surrogate in a string") }
        return scalar
    }

    mutating func hexadecimal() throws(JSONParsingError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = peek.flatMap(Hexadecimal.value(ofDigit:)) else {
                throw error("expected four hexadecimal digits")
            }
            offset += 1
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    // MARK: Numbers

    func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    mutating func skipDigits() throws(JSONParsingError) {
        let start = offset
        while let byte = peek, isDigit(byte) { offset += 1 }
        guard offset > start else { throw error("expected a digit") }
    }

    mutating func number() throws(JSONParsingError) -> JSONValue {
        let start = offset
        _ = skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) { try skipDigits() }
        var isInteger = true
        if skip(UInt8(ascii: ".")) {
            isInteger = false
            try skipDigits()
        }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            isInteger = false
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            try skipDigits()
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw error("number out of range") }
        return .number(number)
    }
}
