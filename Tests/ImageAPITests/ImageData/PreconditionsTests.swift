import ImageModel
import Testing

@testable import ImageAPI

@Suite struct PreconditionsTests {
    private let tag = EntityTag(value: "abc")

    @Test(
        arguments: [
            (#""abc""#, [EntityTag(value: "abc")]),
            (#"W/"abc""#, [EntityTag(value: "abc", isWeak: true)]),
            (#""a,b" , W/"c""#, [EntityTag(value: "a,b"), EntityTag(value: "c", isWeak: true)]),
            (#"""#, nil),
            (#""""#, [EntityTag(value: "")]),
            (#", ,"a",,"b","#, [EntityTag(value: "a"), EntityTag(value: "b")]),
            ("", []),
            ("abc", nil),
            (#""a" "b""#, nil),
            (#""a"b"#, nil),
            (#""a b""#, nil),
            (#"w/"a""#, nil),
            (#"W/a"#, nil),
        ] as [(String, [EntityTag]?)])
    func tagLists(header: String, expected: [EntityTag]?) {
        #expect(EntityTag.list(header) == expected)
    }

    @Test func tagOfAnImageIsItsHash() {
        var image = Image(id: "1")
        #expect(EntityTag(of: image) == nil)
        image.checksum = "d41d8"
        #expect(EntityTag(of: image)?.text == #""d41d8""#)
        image.hashValue = "cf83e"
        #expect(EntityTag(of: image)?.text == #""cf83e""#)
        image.hashValue = "not a \"tag\""
        #expect(EntityTag(of: image) == nil)
    }

    @Test(
        arguments: [
            (nil, nil, Preconditions.Outcome.proceed),
            (#""abc""#, nil, .proceed),
            (#""x", "abc""#, nil, .proceed),
            (#"W/"abc""#, nil, .failed),
            (#""x""#, nil, .failed),
            ("*", nil, .proceed),
            ("garbage", nil, .failed),
            (nil, #""abc""#, .notModified),
            (nil, #"W/"abc""#, .notModified),
            (nil, "*", .notModified),
            (nil, #""x""#, .proceed),
            (nil, "garbage", .proceed),
            (#""x""#, #""abc""#, .failed),
            (#""abc""#, #""abc""#, .notModified),
        ] as [(String?, String?, Preconditions.Outcome)])
    func outcomes(ifMatch: String?, ifNoneMatch: String?, expected: Preconditions.Outcome) {
        #expect(Preconditions(ifMatch: ifMatch, ifNoneMatch: ifNoneMatch).outcome(for: tag) == expected)
    }

    @Test func withoutTagOnlyTheStarMatches() {
        #expect(Preconditions(ifMatch: "*").outcome(for: nil) == .proceed)
        #expect(Preconditions(ifMatch: #""abc""#).outcome(for: nil) == .failed)
        #expect(Preconditions(ifNoneMatch: "*").outcome(for: nil) == .notModified)
        #expect(Preconditions(ifNoneMatch: #""abc""#).outcome(for: nil) == .proceed)
        #expect(!Preconditions(ifRange: #""abc""#).allowsRange(for: nil))
    }

    @Test(
        arguments: [
            (nil, true), (#""abc""#, true), (#"W/"abc""#, false), (#""x""#, false), (#""abc", "x""#, false),
            ("*", false),
            ("Sat, 29 Oct 1994 19:43:31 GMT", false),
        ] as [(String?, Bool)])
    func ifRange(header: String?, expected: Bool) {
        #expect(Preconditions(ifRange: header).allowsRange(for: tag) == expected)
    }
}
