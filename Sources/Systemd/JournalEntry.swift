/// One entry for the journal, in the form in which journald takes it (systemd.io/JOURNAL_NATIVE_PROTOCOL).
public struct JournalEntry: Sendable, Equatable {
    /// The fields so far, serialized.
    public private(set) var bytes: [UInt8]

    /// - Parameter capacity: bytes that are probably needed.
    public init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Adds a field.
    ///
    /// - Parameters:
    ///   - name: upper-case letters, digits and underscores, a letter first; see ``fieldName(_:)``. journald drops fields
    ///     with other names.
    ///   - value: any bytes. A value with a line end travels with its length in front, so it can't begin another field.
    public mutating func append(_ name: String, _ value: String) {
        bytes.append(contentsOf: name.utf8)
        append(value)
    }

    /// Adds a field whose name is in bytes, as ``fieldName(_:)`` makes it.
    public mutating func append(_ name: [UInt8], _ value: String) {
        bytes.append(contentsOf: name)
        append(value)
    }

    private mutating func append(_ value: String) {
        let lineEnd = UInt8(ascii: "\n")
        if value.utf8.contains(lineEnd) {
            bytes.append(lineEnd)
            withUnsafeBytes(of: UInt64(value.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
        } else {
            bytes.append(UInt8(ascii: "="))
        }
        bytes.append(contentsOf: value.utf8)
        bytes.append(lineEnd)
    }

    /// The name of a field that says what `key` does: letters in upper case, what isn't allowed becomes an underscore.
    ///
    /// - Returns: at most 64 bytes; `nil` when nothing is left. Names never begin with an underscore, which only journald
    ///   itself may use.
    public static func fieldName(_ key: String) -> [UInt8]? {
        var name: [UInt8] = []
        name.reserveCapacity(key.utf8.count)
        for byte in key.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): name.append(byte - 0x20)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): name.append(byte)
            case UInt8(ascii: "0")...UInt8(ascii: "9") where !name.isEmpty: name.append(byte)
            default: if !name.isEmpty { name.append(UInt8(ascii: "_")) }
            }
            if name.count == 64 { break }
        }
        return name.isEmpty ? nil : name
    }
}
