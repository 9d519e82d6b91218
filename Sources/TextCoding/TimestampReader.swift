/// Reads a time in the forms of ISO 8601 that Glance reads: those of Python's package `iso8601`.
///
/// `YYYY[-MM[-DD[Thh[:mm][:ss[.f…]][Z|±hh[:][mm]]]]]`. A blank may stand for the `T`, a comma for the point; dashes and colons
/// may be missing (`YYYYMM` alone may not, it could be a date of this century); a month, day or second behind its separator may have
/// one digit. Where digits can be read in two ways, the first way that leads to the end counts: `T0012` is 00:12:00, but `T0012.5`
/// is 00:00:12.5.
struct TimestampReader {
    private let bytes: [UInt8]
    private var position = 0

    private(set) var year: Int64 = 0
    private(set) var month: Int64 = 1
    private(set) var day: Int64 = 1
    private(set) var hour: Int64 = 0
    private(set) var minute: Int64 = 0
    private(set) var second: Int64 = 0
    private(set) var microsecond: Int64 = 0
    /// Minutes east of UTC.
    private(set) var offset: Int64 = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads the whole text. False for another form; numbers may still be out of range.
    mutating func read() -> Bool {
        guard let year = number(4) else { return false }
        self.year = year
        return isAtEnd || readMonth()
    }

    private mutating func readMonth() -> Bool {
        if skip("-") {
            let start = self
            for digits in stride(from: 2, through: 1, by: -1) {
                if let month = number(digits) {
                    self.month = month
                    if isAtEnd || readDay() { return true }
                }
                self = start
            }
            return false
        }
        guard let month = number(2), !isAtEnd else { return false }
        self.month = month
        return readDay()
    }

    private mutating func readDay() -> Bool {
        guard let day = skip("-") ? number(2) ?? number(1) : number(2) else { return false }
        self.day = day
        return isAtEnd || readTime()
    }

    private mutating func readTime() -> Bool {
        guard skip("T") || skip(" "), let hour = number(2) else { return false }
        self.hour = hour
        let start = self
        _ = skip(":")
        if let minute = number(2) {
            self.minute = minute
            if readSecond() { return true }
        }
        self = start
        return readSecond()
    }

    private mutating func readSecond() -> Bool {
        let start = position
        _ = skip(":")
        guard let second = number(2) ?? number(1) else {
            position = start
            return readOffset()
        }
        self.second = second
        if skip(".") || skip(",") {
            guard let fraction = fraction() else { return false }
            microsecond = fraction
        }
        return readOffset()
    }

    private mutating func readOffset() -> Bool {
        if isAtEnd { return true }
        if skip("Z") { return isAtEnd }
        guard let sign = sign(), let hours = number(2) else { return false }
        _ = skip(":")
        offset = sign * (hours * 60 + (number(2) ?? 0))
        return isAtEnd
    }

    // MARK: Characters

    /// A line feed at the end does not count: in Python `$` stands before it, too.
    private var isAtEnd: Bool {
        position == bytes.count || (position == bytes.count - 1 && bytes[position] == UInt8(ascii: "\n"))
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func sign() -> Int64? {
        if skip("+") { return 1 }
        return skip("-") ? -1 : nil
    }

    private mutating func number(_ count: Int) -> Int64? {
        guard position + count <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[position..<(position + count)] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        position += count
        return value
    }

    /// Digits behind a point in microseconds; what is finer is cut off.
    private mutating func fraction() -> Int64? {
        var (value, count): (Int64, Int) = (0, 0)
        while let digit = number(1) {
            if count < 6 { value = value * 10 + digit }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 6)..<6 { value *= 10 }
        return value
    }
}
