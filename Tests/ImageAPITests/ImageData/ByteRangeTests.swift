import Testing

@testable import ImageAPI

@Suite struct ByteRangeTests {
    @Test func withoutHeadersEverythingIsWanted() {
        #expect(ByteRange(range: nil, contentRange: nil, size: 10) == .whole)
        #expect(ByteRange(range: nil, contentRange: nil, size: 0) == .whole)
    }

    @Test(arguments: [
        ("bytes=0-9", ByteRange.part(0..<10)),
        ("bytes=0-0", .part(0..<1)),
        ("bytes=99-99", .part(99..<100)),
        ("bytes=5-", .part(5..<100)),
        ("bytes=-5", .part(95..<100)),
        ("bytes=-100", .part(0..<100)),
        ("bytes=-101", .part(0..<100)),
        ("bytes=90-100", .part(90..<100)),
        ("bytes=90-9223372036854775807", .part(90..<100)),
        ("bytes=90-99999999999999999999999", .part(90..<100)),
        ("bytes=-99999999999999999999999", .part(0..<100)),
        ("BYTES=1-2", .part(1..<3)),
        (" bytes = 1 - 2 ", .part(1..<3)),
        ("bytes=100-", .unsatisfiable),
        ("bytes=100-200", .unsatisfiable),
        ("bytes=9223372036854775807-", .unsatisfiable),
        ("bytes=99999999999999999999999-", .unsatisfiable),
        ("bytes=5-2", .unsatisfiable),
        ("bytes=-0", .unsatisfiable),
        ("bytes=-", .unsatisfiable),
        ("bytes=", .unsatisfiable),
        ("bytes", .unsatisfiable),
        ("bytes=a-b", .unsatisfiable),
        ("bytes=1-2x", .unsatisfiable),
        ("bytes=--2", .unsatisfiable),
        ("bytes=+1-2", .unsatisfiable),
        ("items=0-1", .unsatisfiable),
        ("", .unsatisfiable),
        ("bytes=0-1,3-4", .multiple),
        ("bytes=0-1, 3-4", .multiple),
        (",", .multiple),
    ])
    func rangeOfHundredBytes(header: String, expected: ByteRange) {
        #expect(ByteRange(range: header, contentRange: nil, size: 100) == expected)
    }

    @Test(arguments: [
        ("bytes 5-9/*", ByteRange.part(5..<10)),
        ("bytes 5-9/100", .part(5..<10)),
        ("bytes 0-99/*", .part(0..<100)),
        ("bytes 0-100/*", .unsatisfiable),
        ("bytes 0-100/200", .unsatisfiable),
        ("bytes 0-9223372036854775807/*", .unsatisfiable),
        ("bytes 9-5/*", .unsatisfiable),
        ("bytes */100", .unsatisfiable),
        ("bytes 5-9", .unsatisfiable),
        ("bytes 5-9/", .unsatisfiable),
        ("bytes=5-9/*", .unsatisfiable),
        ("", .unsatisfiable),
    ])
    func legacyContentRange(header: String, expected: ByteRange) {
        #expect(ByteRange(range: nil, contentRange: header, size: 100) == expected)
        #expect(ByteRange(range: "bytes=0-1", contentRange: header, size: 100) == .part(0..<2))
    }

    /// Every range of every small image, against the definition in RFC 9110, section 14.1.2, spelled out byte by byte.
    @Test func everySmallRange() {
        let bounds: [Int64?] = [nil] + (0...8).map { $0 }
        for size in Int64(0)...7 {
            for first in bounds {
                for last in bounds {
                    let header = "bytes=\(first.map { "\($0)" } ?? "")-\(last.map { "\($0)" } ?? "")"
                    let wanted = (0..<size).filter { index in
                        switch (first, last) {
                        case (let first?, let last?): first <= index && index <= last
                        case (let first?, nil): first <= index
                        case (nil, let suffix?): size - suffix <= index
                        case (nil, nil): false
                        }
                    }
                    let expected =
                        wanted.isEmpty ? ByteRange.unsatisfiable : .part(wanted[0]..<wanted[wanted.count - 1] + 1)
                    #expect(ByteRange(range: header, contentRange: nil, size: size) == expected, "\(header) of \(size)")
                }
            }
        }
    }

    @Test func noHeaderSelectsBytesThatAreNotThere() {
        var random = SeededRandom(seed: 9110)
        let pieces = ["bytes", "=", "-", "/", "*", " ", "\t", "0", "7", "99", "9223372036854775807", "é", "B", ","]
        for _ in 0..<20_000 {
            let header = random.text(of: pieces, upTo: 9)
            let size = Int64.random(in: 0...100, using: &random)
            for range in [
                ByteRange(range: header, contentRange: nil, size: size),
                ByteRange(range: nil, contentRange: header, size: size),
            ] {
                if case .part(let bytes) = range {
                    #expect(!bytes.isEmpty && bytes.lowerBound >= 0 && bytes.upperBound <= size, "\(header) of \(size)")
                }
            }
        }
    }
}
