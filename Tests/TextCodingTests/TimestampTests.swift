import Foundation
import Testing
import TextCoding

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01 00:00:00", Int64(0)),
        ("2026-11-23T21:22:43Z", 1_795_468_963_000_000),
        ("2026-11-23 21:22:43.403", 1_795_468_963_403_000),
        ("2026-11-23 21:22:43.000001", 1_795_468_963_000_001),
        ("2026-11-23T22:22:43+01:00", 1_795_468_963_000_000),
        ("2026-11-23T15:52:43-0530", 1_795_468_963_000_000),
        ("1969-12-31 23:59:59.5", -500_000),
        ("2024-02-29", 1_709_164_800_000_000),
        ("0001-01-01", -62_135_596_800_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ])
    func reads(text: String, microseconds: Int64) {
        #expect(Timestamp(text)?.microseconds == microseconds)
        #expect(fromDatabase(text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "x", "2026-13-01", "2026-00-10", "2026-01-32", "2026-01-01T", "2026-01-01T1", "2026-01-01T24:00:00",
        "2026-01-01T10:60:00", "2026-01-01T10:00:00.", "2026-01-01T10:00:00ZZ", "2026-01-01T10:00:00+",
        "2026-01-01 10:00:00 x", "0000-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    ])
    func refuses(text: String) {
        #expect(Timestamp(text) == nil)
        #expect(fromDatabase(text) == nil)
    }

    private func fromDatabase(_ text: String) -> Timestamp? {
        Array(text.utf8).withUnsafeBufferPointer { Timestamp(database: $0) }
    }

    @Test(arguments: TimestampVerdicts.all)
    func readsWhatGlanceReads(text: String, time: String?) {
        #expect(Timestamp(text)?.databaseText == time)
        #expect(fromDatabase(text)?.databaseText == time)
    }

    @Test func writesBothForms() {
        let time = Timestamp(microseconds: 1_795_468_963_000_042)
        #expect(time.iso8601 == "2026-11-23T21:22:43Z")
        #expect(time.databaseText == "2026-11-23 21:22:43.000042")
    }

    @Test func whatIsWrittenIsReadBack() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<1000 {
            let time = Timestamp(
                microseconds: Int64.random(in: -2_000_000_000_000_000...250_000_000_000_000_000, using: &generator))
            #expect(Timestamp(time.databaseText) == time)
        }
    }

    @Test func agreesWithFoundation() {
        let formatter = ISO8601DateFormatter()
        for _ in 0..<500 {
            let seconds = Int64.random(in: -4_000_000_000...9_000_000_000)
            let text = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            #expect(Timestamp(microseconds: seconds * 1_000_000).iso8601 == text)
        }
    }

    @Test func nowIsNow() {
        let difference = Date().timeIntervalSince1970 - Double(Timestamp.now.microseconds) / 1_000_000
        #expect(abs(difference) < 5)
    }

    /// The example of RFC 9110, section 5.6.7, and days around leap days and before 1970.
    @Test(arguments: [
        ("1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("1969-12-31T23:59:59.5Z", "Wed, 31 Dec 1969 23:59:59 GMT"),
        ("2024-02-29T12:00:00Z", "Thu, 29 Feb 2024 12:00:00 GMT"),
        ("2100-03-01T00:00:00Z", "Mon, 01 Mar 2100 00:00:00 GMT"),
    ])
    func httpDates(text: String, expected: String) throws {
        #expect(try #require(Timestamp(text)).httpDate == expected)
    }

    @Test func secondsAreRoundedDown() {
        #expect(Timestamp(microseconds: 1_999_999).secondsSince1970 == 1)
        #expect(Timestamp(microseconds: -1).secondsSince1970 == -1)
    }
}
