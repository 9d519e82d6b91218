#if canImport(Glibc)
    import Glibc
#endif

/// A point in time in UTC with microseconds, as the Glance schema stores it.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    public var microseconds: Int64

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// The current time of the system's clock.
    public static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    /// This time moved by `seconds`.
    public func advanced(bySeconds seconds: Int64) -> Timestamp {
        Timestamp(microseconds: microseconds + seconds * 1_000_000)
    }

    /// `YYYY-MM-DDTHH:MM:SSZ`, the form of the Images API. Microseconds are cut off.
    public var iso8601: String {
        let (date, seconds, _) = components
        return Self.text(date, seconds, separator: "T") + "Z"
    }

    /// `YYYY-MM-DD HH:MM:SS.ffffff`, the form of SQLite columns; PostgreSQL reads it too.
    public var databaseText: String {
        let (date, seconds, fraction) = components
        let digits = String(fraction)
        return Self.text(date, seconds, separator: " ") + "." + String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// Reads a time as a database or a client writes it.
    ///
    /// Takes `YYYY-MM-DD`, then optionally `T` or a blank and `HH:MM[:SS[.f…]]`, then optionally `Z` or an offset
    /// `±HH[[:]MM]`. Without an offset the time is UTC. Returns nil for anything else, and outside of the years 1 to 9999
    /// in UTC, which PostgreSQL and SQLite spell differently or not at all.
    public init?(_ text: some StringProtocol) {
        var digits = Reader(bytes: Array(text.utf8))
        guard let year = digits.number(4), digits.skip("-"), let month = digits.number(2), digits.skip("-"),
            let day = digits.number(2), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var (hour, minute, second, fraction, offset): (Int64, Int64, Int64, Int64, Int64) = (0, 0, 0, 0, 0)
        if digits.skip("T") || digits.skip(" ") {
            guard let readHour = digits.number(2), digits.skip(":"), let readMinute = digits.number(2) else {
                return nil
            }
            (hour, minute) = (readHour, readMinute)
            if digits.skip(":") {
                guard let readSecond = digits.number(2) else { return nil }
                second = readSecond
                if digits.skip(".") || digits.skip(",") {
                    guard let readFraction = digits.fraction() else { return nil }
                    fraction = readFraction
                }
            }
            if digits.skip("Z") {
                offset = 0
            } else if let sign = digits.sign() {
                guard let hours = digits.number(2) else { return nil }
                _ = digits.skip(":")
                offset = sign * (hours * 60 + (digits.number(2) ?? 0))
            }
        }
        guard digits.atEnd, hour < 24, minute < 60, second < 61 else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        let seconds = days * 86400 + (hour - 0) * 3600 + minute * 60 + second - offset * 60
        self.init(microseconds: seconds * 1_000_000 + fraction)
        guard Self.spellable.contains(self) else { return nil }
    }

    private static let spellable =
        Timestamp(
            microseconds: days(year: 1, month: 1, day: 1) * 86_400_000_000)..<Timestamp(
            microseconds: days(year: 10000, month: 1, day: 1) * 86_400_000_000)

    private var components: (date: (Int64, Int64, Int64), secondOfDay: Int64, fraction: Int64) {
        let seconds = microseconds.quotientFloored(by: 1_000_000)
        let fraction = microseconds - seconds * 1_000_000
        let days = seconds.quotientFloored(by: 86400)
        return (Self.date(days: days), seconds - days * 86400, fraction)
    }

    private static func text(_ date: (Int64, Int64, Int64), _ seconds: Int64, separator: String) -> String {
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let year = String(date.0)
        let padded = String(repeating: "0", count: max(0, 4 - year.count)) + year
        return "\(padded)-\(two(date.1))-\(two(date.2))\(separator)"
            + "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }

    /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.quotientFloored(by: 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The inverse of ``days(year:month:day:)``.
    private static func date(days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let era = shifted.quotientFloored(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        var atEnd: Bool { position == bytes.count }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        mutating func sign() -> Int64? {
            if skip("+") { return 1 }
            return skip("-") ? -1 : nil
        }

        mutating func number(_ count: Int) -> Int64? {
            guard position + count <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[position..<(position + count)] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            position += count
            return value
        }

        mutating func fraction() -> Int64? {
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
}

extension Int64 {
    fileprivate func quotientFloored(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
