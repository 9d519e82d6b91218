import Glibc

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
        return Self.text(date, seconds, separator: "T", end: "Z")
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    public var secondsSince1970: Int64 { microseconds.quotientFloored(by: 1_000_000) }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, the form of HTTP's fields (RFC 9110, section 5.6.7).
    public var httpDate: String {
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let ((year, month, day), seconds, _) = components
        let daysSince1970 = secondsSince1970.quotientFloored(by: 86400)
        // 1970-01-01 was a Thursday.
        let weekday = ((daysSince1970 + 4) % 7 + 7) % 7
        let digits = String(year)
        return Self.weekdays[Int(weekday)] + ", " + two(day) + " " + Self.months[Int(month) - 1] + " "
            + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            + " \(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60)) GMT"
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `YYYY-MM-DD HH:MM:SS.ffffff`, the form of SQLite columns; PostgreSQL reads it too.
    public var databaseText: String {
        let (date, seconds, fraction) = components
        return Self.text(date, seconds, separator: " ", fraction: fraction)
    }

    /// Reads a time as a database or a client writes it, in any form of ``TimestampReader``; without an offset it is UTC.
    ///
    /// Returns nil for anything else, for a date that no calendar has, and outside of the years 1 to 9999 in UTC, which
    /// PostgreSQL and SQLite spell differently or not at all.
    public init?(_ text: some StringProtocol) { self.init(utf8: text.utf8) }

    /// The same for bytes.
    public init?(utf8 bytes: some Sequence<UInt8>) {
        var reader = TimestampReader(Array(bytes))
        guard reader.read(), abs(reader.offset) < 24 * 60 else { return nil }
        self.init(
            reader.year, reader.month, reader.day, reader.hour, reader.minute, reader.second,
            microsecond: reader.microsecond, offset: reader.offset)
    }

    /// The same for bytes that are most likely ``databaseText``, with a fraction of any length or none: each row of a database
    /// has such times.
    public init?(database bytes: UnsafeBufferPointer<UInt8>) {
        func number(_ start: Int, _ digits: Int) -> Int64? {
            var number: Int64 = 0
            for byte in bytes[start..<start + digits] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                number = number * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return number
        }
        let fraction = bytes.count - 20
        guard bytes.count == 19 || (1...6).contains(fraction), bytes[4] == UInt8(ascii: "-"),
            bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: " "), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"), bytes.count == 19 || bytes[19] == UInt8(ascii: "."),
            let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
            let minute = number(14, 2), let second = number(17, 2),
            var microsecond = fraction > 0 ? number(20, fraction) : 0
        else {
            self.init(utf8: bytes)
            return
        }
        if fraction > 0 { for _ in fraction..<6 { microsecond *= 10 } }
        self.init(year, month, day, hour, minute, second, microsecond: microsecond)
    }

    /// Nil for a date that no calendar has, and outside of the years 1 to 9999 in UTC.
    ///
    /// - Parameter offset: minutes east of UTC.
    private init?(
        _ year: Int64, _ month: Int64, _ day: Int64, _ hour: Int64, _ minute: Int64, _ second: Int64,
        microsecond: Int64, offset: Int64 = 0
    ) {
        guard year >= 1, (1...12).contains(month), (1...Self.days(inMonth: month, of: year)).contains(day), hour < 24,
            minute < 60, second < 60
        else { return nil }
        let minutes = hour * 60 + minute - offset
        self.init(
            microseconds: (Self.days(year: year, month: month, day: day) * 86400 + minutes * 60 + second) * 1_000_000
                + microsecond)
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

    /// Date and time in 19 bytes, and what follows them.
    ///
    /// - Parameter fraction: microseconds, six digits behind a point; nil for none.
    private static func text(
        _ date: (Int64, Int64, Int64), _ seconds: Int64, separator: Unicode.Scalar, fraction: Int64? = nil,
        end: StaticString = ""
    ) -> String {
        // The year of a time that was made by counting may have any number of digits, and a sign.
        let isPlain = (0...9999).contains(date.0)
        let year = isPlain ? "" : String(date.0)
        return String(unsafeUninitializedCapacity: 48) { buffer in
            var count = 0
            func append(_ byte: UInt8) {
                buffer[count] = byte
                count += 1
            }
            func append(_ number: Int64, digits: Int) {
                var (rest, place) = (number, count + digits)
                count = place
                for _ in 0..<digits {
                    place -= 1
                    buffer[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                }
            }
            if isPlain { append(date.0, digits: 4) } else { for byte in year.utf8 { append(byte) } }
            append(UInt8(ascii: "-"))
            append(date.1, digits: 2)
            append(UInt8(ascii: "-"))
            append(date.2, digits: 2)
            append(UInt8(ascii: separator))
            append(seconds / 3600, digits: 2)
            append(UInt8(ascii: ":"))
            append(seconds / 60 % 60, digits: 2)
            append(UInt8(ascii: ":"))
            append(seconds % 60, digits: 2)
            if let fraction {
                append(UInt8(ascii: "."))
                append(fraction, digits: 6)
            }
            for index in 0..<end.utf8CodeUnitCount { append(end.utf8Start[index]) }
            return count
        }
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
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
}

extension Int64 {
    fileprivate func quotientFloored(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
