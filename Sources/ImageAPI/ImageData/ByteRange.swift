/// What a request wants of an image's data, and what it gets (RFC 9110, section 14), without any I/O.
///
/// Two things are Glance's own: a `Range` that means nothing is 416 instead of being ignored, and old clients send
/// `Content-Range` on requests.
enum ByteRange: Equatable {
    /// Everything, status 200.
    case whole
    /// These bytes, status 206. Never empty.
    case part(Range<Int64>)
    /// Status 416.
    case unsatisfiable
    /// Several ranges at once, which Glance never served: status 400.
    case multiple

    /// Reads the two header fields that can select a part.
    ///
    /// - Parameters:
    ///   - range: `Range`; it wins over `contentRange`.
    ///   - contentRange: `Content-Range` of the request.
    ///   - size: bytes of the whole.
    init(range: String?, contentRange: String?, size: Int64) {
        if let range {
            self = Self.select(range, of: size)
        } else if let contentRange {
            self = Self.selectLegacy(contentRange, of: size)
        } else {
            self = .whole
        }
    }

    /// `bytes=first-last`, `bytes=first-` or `bytes=-suffix`.
    private static func select(_ header: String, of size: Int64) -> ByteRange {
        if header.utf8.contains(UInt8(ascii: ",")) { return .multiple }
        var reader = Reader(header)
        guard reader.skipWord("bytes"), reader.skip("=") else { return .unsatisfiable }
        let first = reader.number()
        guard reader.skip("-") else { return .unsatisfiable }
        let last = reader.number()
        guard reader.isAtEnd else { return .unsatisfiable }
        switch (first, last) {
        case (nil, nil): return .unsatisfiable
        case (nil, let suffix?): return part(max(0, size - suffix), size, of: size)
        case (let first?, nil): return part(first, size, of: size)
        case (let first?, let last?):
            // `last` is clamped before one is added: it may be Int64.max.
            return first <= last ? part(first, min(last, size - 1) + 1, of: size) : .unsatisfiable
        }
    }

    /// `bytes first-last/length` or `bytes first-last/*`.
    private static func selectLegacy(_ header: String, of size: Int64) -> ByteRange {
        var reader = Reader(header)
        guard reader.skipWord("bytes"), let first = reader.number(), reader.skip("-"), let last = reader.number(),
            reader.skip("/"), reader.skip("*") || reader.number() != nil, reader.isAtEnd,
            first <= last, last < size
        else { return .unsatisfiable }
        return part(first, last + 1, of: size)
    }

    private static func part(_ lower: Int64, _ upper: Int64, of size: Int64) -> ByteRange {
        lower < upper && upper <= size ? .part(lower..<upper) : .unsatisfiable
    }

    /// Reads tokens with optional blanks before each of them.
    private struct Reader {
        private var rest: Substring.UTF8View

        init(_ text: String) { rest = text[...].utf8 }

        private mutating func skipBlanks() {
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        }

        var isAtEnd: Bool {
            mutating get {
                skipBlanks()
                return rest.isEmpty
            }
        }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            skipBlanks()
            guard rest.first == UInt8(ascii: character) else { return false }
            rest.removeFirst()
            return true
        }

        /// Skips a word of lowercase letters, whatever the case it is written in.
        mutating func skipWord(_ word: String) -> Bool {
            skipBlanks()
            guard rest.prefix(word.utf8.count).elementsEqual(word.utf8, by: { $0 | 0x20 == $1 }) else { return false }
            rest.removeFirst(word.utf8.count)
            return true
        }

        /// A decimal number; one beyond 63 bits is as good as the largest.
        mutating func number() -> Int64? {
            skipBlanks()
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard !digits.isEmpty else { return nil }
            rest.removeFirst(digits.count)
            return Int64(Substring(digits)) ?? .max
        }
    }
}
