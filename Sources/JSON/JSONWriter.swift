import TextCoding

/// Writes JSON text straight into a byte buffer, in the layout of Python's `json.dumps`: `", "` and `": "` between
/// tokens, everything outside ASCII as `\uXXXX` (surrogate pairs beyond the basic plane).
///
/// The writer keeps no tree. Separators follow from the order of the calls:
///
///     var writer = JSONWriter()
///     writer.object { writer in
///         writer.field("name", image.name)
///         writer.field("tags") { $0.array(image.tags) }
///     }
public struct JSONWriter: Sendable {
    /// The text so far.
    public private(set) var bytes: [UInt8] = []
    /// Whether the next key or element follows another one.
    private var needsSeparator = false

    /// - Parameter capacity: bytes to reserve.
    public init(capacity: Int = 512) {
        bytes.reserveCapacity(capacity)
    }

    /// The text of one value.
    public static func text(of value: JSONValue) -> String {
        var writer = JSONWriter(capacity: 64)
        writer.value(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    // MARK: Structure

    /// Writes an object; `fields` writes its members with the `field` methods.
    public mutating func object(_ fields: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsSeparator = false
        try fields(&self)
        bytes.append(UInt8(ascii: "}"))
        needsSeparator = true
    }

    /// Writes an array; `elements` writes its values.
    public mutating func array(_ elements: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsSeparator = false
        try elements(&self)
        bytes.append(UInt8(ascii: "]"))
        needsSeparator = true
    }

    /// Writes an array of strings.
    public mutating func array(_ strings: some Sequence<String>) {
        array { writer in
            for string in strings { writer.string(string) }
        }
    }

    /// Writes a member's name; exactly one value must follow.
    public mutating func key(_ name: String) {
        separate()
        escape(name)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(UInt8(ascii: " "))
        needsSeparator = false
    }

    /// Writes a member whose value `write` writes.
    public mutating func field(_ name: String, _ write: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try write(&self)
    }

    /// Writes a member with a string, or `null`.
    public mutating func field(_ name: String, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    /// Writes a member with an integer, or `null`.
    @inlinable
    public mutating func field<Value: BinaryInteger>(_ name: String, _ value: Value?) {
        key(name)
        if let value { integer(value) } else { null() }
    }

    /// Writes a member with a boolean.
    public mutating func field(_ name: String, _ value: Bool) {
        key(name)
        bool(value)
    }

    /// Writes a member with a whole document.
    public mutating func field(_ name: String, _ value: JSONValue) {
        key(name)
        self.value(value)
    }

    // MARK: Values

    public mutating func null() {
        scalar("null")
    }

    public mutating func bool(_ value: Bool) {
        scalar(value ? "true" : "false")
    }

    @inlinable
    public mutating func integer(_ value: some BinaryInteger) {
        if let value = Int64(exactly: value) { integer(value) } else { text(String(value).utf8) }
    }

    public mutating func integer(_ value: Int64) {
        separate()
        // As many digits as the largest has, and a sign.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var (rest, first) = (value.magnitude, digits.count)
            repeat {
                first -= 1
                digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if value < 0 {
                first -= 1
                digits[first] = UInt8(ascii: "-")
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[first...]))
        }
        needsSeparator = true
    }

    /// Writes the shortest text that reads back as the same number. JSON has no infinities and no NaN: those become `null`.
    public mutating func number(_ value: Double) {
        guard value.isFinite else { return null() }
        separate()
        bytes.append(contentsOf: value.description.utf8)
        needsSeparator = true
    }

    public mutating func string(_ value: String) {
        separate()
        escape(value)
        needsSeparator = true
    }

    /// Writes a document. Members of objects come in the order of their names, so that equal values give equal texts.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .integer(let integer): self.integer(integer)
        case .number(let number): self.number(number)
        case .string(let text): string(text)
        case .array(let elements):
            array { writer in
                for element in elements { writer.value(element) }
            }
        case .object(let members):
            object { writer in
                for (name, member) in members.sorted(by: { $0.key < $1.key }) { writer.field(name, member) }
            }
        }
    }

    /// Writes a value whose JSON text is there already. It is copied as it is.
    public mutating func text(_ json: some Collection<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
        needsSeparator = true
    }

    // MARK: Bytes

    private mutating func separate() {
        if needsSeparator {
            bytes.append(UInt8(ascii: ","))
            bytes.append(UInt8(ascii: " "))
        }
    }

    private mutating func scalar(_ text: StaticString) {
        separate()
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        needsSeparator = true
    }

    /// Appends a quoted string. Runs of plain ASCII, nearly everything that an API answers, are copied at once.
    private mutating func escape(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        let isPlain = text.withUTF8 { utf8 in
            guard Self.isPlain(utf8) else { return false }
            bytes.append(contentsOf: utf8)
            return true
        }
        if !isPlain {
            for scalar in text.unicodeScalars { escape(scalar) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Whether a text stands for itself in JSON: nothing but printable ASCII without quotes and backslashes. Looks at eight bytes
    /// at a time: strings are most of what an API answers.
    private static func isPlain(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        /// The high bits of what is not 0 if a byte of the word is below `limit`, at most 128.
        func below(_ limit: UInt64, _ word: UInt64) -> UInt64 { (word &- ones &* limit) & ~word }
        let bytes = UnsafeRawBufferPointer(utf8)
        var position = 0
        while position + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let special =
                word | below(0x20, word) | below(1, word ^ ones &* 0x22) | below(1, word ^ ones &* 0x5C)
                | below(1, word ^ ones &* 0x7F)
            if special & highs != 0 { return false }
            position += 8
        }
        return bytes[position...].allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
    }

    private mutating func escape(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"": bytes.append(contentsOf: #"\""#.utf8)
        case "\\": bytes.append(contentsOf: #"\\"#.utf8)
        case "\n": bytes.append(contentsOf: #"\n"#.utf8)
        case "\r": bytes.append(contentsOf: #"\r"#.utf8)
        case "\t": bytes.append(contentsOf: #"\t"#.utf8)
        case "\u{8}": bytes.append(contentsOf: #"\b"#.utf8)
        case "\u{c}": bytes.append(contentsOf: #"\f"#.utf8)
        case "\u{20}"..."\u{7f}": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
        default:
            for unit in String(scalar).utf16 { escape(unit) }
        }
    }

    private mutating func escape(_ unit: UInt16) {
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(UInt8(ascii: "u"))
        for shift in [12, 8, 4, 0] as [UInt16] {
            bytes.append(Hexadecimal.digit(UInt8(truncatingIfNeeded: unit >> shift & 0xF)))
        }
    }
}
