import Testing

@testable import S3Driver

@Suite struct S3PatienceTests {
    @Test func endsByNumberAndByTime() {
        let patience = S3Patience.short
        #expect(patience.allowsAnother(after: 3, since: .now))
        #expect(!patience.allowsAnother(after: 4, since: .now))
        #expect(!patience.allowsAnother(after: 1, since: .now - .seconds(31)))
        #expect(!S3Patience.none.allowsAnother(after: 1, since: .now))
    }

    @Test func pausesGrowToTheLongest() {
        for attempt in 1...20 {
            #expect(S3Patience.long.pause(after: attempt) <= .seconds(5))
            #expect(S3Patience.long.pause(after: attempt) >= .milliseconds(150))
        }
        #expect(S3Patience.long.pause(after: 12) >= .seconds(3))
    }
}
