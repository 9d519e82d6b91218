/// Percent-encoding of URLs (RFC 3986, section 2.1).
///
/// Decoding is inlinable, since every request path and query goes through it as a slice of its buffer.
public enum PercentEncoding {
    /// Decodes `%XX`; other characters stay. A `%` without two hexadecimal digits stays too, as in WSGI servers.
    ///
    /// - Returns: nil when the outcome is not UTF-8 or holds a zero byte, which no database takes.
    @inlinable
    public static func decode(_ encoded: some Collection<UInt8>, plusIsBlank: Bool = false) -> String? {
        let percent = UInt8(ascii: "%")
        guard encoded.contains(where: { $0 == percent || ($0 == UInt8(ascii: "+") && plusIsBlank) || $0 >= 0x80 })
        else {
            return String(decoding: encoded, as: UTF8.self)
        }
        let decoded = bytes(encoded, plusIsBlank: plusIsBlank)
        return decoded.contains(0) ? nil : String(validating: decoded, as: UTF8.self)
    }

    /// Decodes as ``decode(_:plusIsBlank:)`` does, to bytes that may be anything.
    @inlinable
    public static func bytes(_ encoded: some Collection<UInt8>, plusIsBlank: Bool = false) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(encoded.count)
        var index = encoded.startIndex
        while index != encoded.endIndex {
            let byte = encoded[index]
            if byte == UInt8(ascii: "%"), let escaped = escape(encoded, at: index) {
                decoded.append(escaped.byte)
                index = escaped.end
            } else {
                decoded.append(byte == UInt8(ascii: "+") && plusIsBlank ? UInt8(ascii: " ") : byte)
                index = encoded.index(after: index)
            }
        }
        return decoded
    }

    /// The byte that the `%` at `index` and the two digits after it stand for, and where they end.
    @inlinable
    static func escape<Bytes: Collection<UInt8>>(
        _ bytes: Bytes, at index: Bytes.Index
    ) -> (byte: UInt8, end: Bytes.Index)? {
        let first = bytes.index(after: index)
        guard first != bytes.endIndex, let high = Hexadecimal.value(ofDigit: bytes[first]) else { return nil }
        let second = bytes.index(after: first)
        guard second != bytes.endIndex, let low = Hexadecimal.value(ofDigit: bytes[second]) else { return nil }
        return (high << 4 | low, bytes.index(after: second))
    }

    /// Encodes everything but unreserved characters (RFC 3986, section 2.3); a blank becomes `+` in a query.
    public static func encode(_ text: String, blankIsPlus: Bool = false) -> String {
        if text.utf8.allSatisfy(isUnreserved) { return text }
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if isUnreserved(byte) {
                encoded.append(byte)
            } else if blankIsPlus, byte == UInt8(ascii: " ") {
                encoded.append(UInt8(ascii: "+"))
            } else {
                append(byte, to: &encoded)
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Encodes what may not stand in a path and query (RFC 3986, sections 3.3 and 3.4) and leaves what may, escapes that
    /// are there included.
    public static func encode(pathAndQuery text: String) -> String {
        let bytes = Array(text.utf8)
        var encoded: [UInt8] = []
        encoded.reserveCapacity(bytes.count)
        for (index, byte) in bytes.enumerated() {
            let isEscape = byte == UInt8(ascii: "%") && escape(bytes, at: index) != nil
            if isEscape || isUnreserved(byte) || delimiters.contains(byte) {
                encoded.append(byte)
            } else {
                append(byte, to: &encoded)
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static let delimiters = Set("!$&'()*+,;=:@/?".utf8)

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func append(_ byte: UInt8, to encoded: inout [UInt8]) {
        encoded.append(UInt8(ascii: "%"))
        encoded.append(Hexadecimal.digit(byte >> 4, uppercase: true))
        encoded.append(Hexadecimal.digit(byte & 0xF, uppercase: true))
    }
}
