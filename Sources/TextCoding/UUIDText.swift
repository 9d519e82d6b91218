import Synchronization

/// UUIDs (RFC 9562) as the text that Glance stores.
public enum UUIDText {
    /// A random UUID (version 4), lower-case with hyphens.
    ///
    /// - Parameter prefix: ASCII before it, such as `req-`.
    public static func random(prefix: StaticString = "") -> String {
        let (first, second) = randomness.withLock { ($0.next(), $0.next()) }
        let high = first & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = second & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return String(unsafeUninitializedCapacity: prefix.utf8CodeUnitCount + 36) { buffer in
            var count = 0
            func append(_ byte: UInt8) {
                buffer[count] = byte
                count += 1
            }
            for index in 0..<prefix.utf8CodeUnitCount { append(prefix.utf8Start[index]) }
            for (word, position) in [(high, 0), (low, 16)] {
                for digit in 0..<16 {
                    // The hyphens stand after 8, 12, 16 and 20 digits.
                    if [8, 12, 16, 20].contains(position + digit) { append(UInt8(ascii: "-")) }
                    append(Hexadecimal.digit(UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * digit) & 0xF)))
                }
            }
            return count
        }
    }

    /// Whether `text` has the form of a UUID with hyphens, in either case.
    public static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count == 36 else { return false }
        for (index, byte) in bytes.enumerated() {
            switch index {
            case 8, 13, 18, 23:
                guard byte == UInt8(ascii: "-") else { return false }
            default:
                guard Hexadecimal.value(ofDigit: byte) != nil else { return false }
            }
        }
        return true
    }

    private static let randomness = Mutex(RandomPool())
}
