import JSON
import Testing

@Suite struct JSONDecodingTests {
    private struct Everything: Decodable, Equatable {
        var text: String
        var flag: Bool
        var count: Int64
        var small: UInt8
        var ratio: Double
        var list: [Inner]
        var names: [String: Bool]
        var missing: String?
        var empty: Inner?
        var any: JSONValue

        struct Inner: Decodable, Equatable {
            var otherName: Int

            private enum CodingKeys: String, CodingKey { case otherName = "other_name" }
        }
    }

    @Test func readsWhatTheTypeNames() throws {
        let document = try JSONValue.parse(
            #"""
            {"text": "t", "flag": true, "count": -9223372036854775808, "small": 255, "ratio": 2, "unknown": [[]],
             "list": [{"other_name": 1, "x": null}, {"other_name": 2.0}], "names": {"a": true}, "empty": null,
             "any": {"deep": [1]}}
            """#)
        #expect(
            try document.decode(Everything.self)
                == Everything(
                    text: "t", flag: true, count: .min, small: 255, ratio: 2,
                    list: [.init(otherName: 1), .init(otherName: 2)], names: ["a": true], any: ["deep": [1]]))
    }

    @Test func refusesOtherTypes() {
        #expect(throws: DecodingError.self) { try JSONValue.string("1").decode(Int.self) }
        #expect(throws: DecodingError.self) { try JSONValue.integer(1).decode(Bool.self) }
        #expect(throws: DecodingError.self) { try JSONValue.integer(256).decode(UInt8.self) }
        #expect(throws: DecodingError.self) { try JSONValue.number(1.5).decode(Int.self) }
        #expect(throws: DecodingError.self) { try JSONValue.number(1e300).decode(Int64.self) }
        #expect(throws: DecodingError.self) { try JSONValue.null.decode(String.self) }
        #expect(throws: DecodingError.self) { try JSONValue.array([1, .null]).decode([Int].self) }
        #expect(throws: DecodingError.self) { try JSONValue.object([:]).decode([Int].self) }
        #expect(throws: DecodingError.self) { try JSONValue.array([]).decode(Everything.Inner.self) }
        #expect(throws: DecodingError.self) { try JSONValue.object([:]).decode(Everything.Inner.self) }
        #expect(throws: DecodingError.self) {
            try JSONValue.parse(#"{"other_name": null}"#).decode(Everything.Inner.self)
        }
        #expect(try! JSONValue.array([1, .null]).decode([Int?].self) == [1, nil])
    }

    /// Values may be secrets.
    @Test func errorsHoldNoValues() {
        #expect(throws: DecodingError.self) { try JSONValue.array(["s3cret"]).decode([Int].self) }
        do {
            _ = try JSONValue.array(["s3cret"]).decode([Int].self)
        } catch {
            #expect(!"\(error)".contains("s3cret"))
        }
    }

    @Test func membersByName() {
        let document: JSONValue = ["a": ["b": 1]]
        #expect(document["a"]?["b"] == 1)
        #expect(document["b"] == nil)
        #expect(JSONValue.array([])["a"] == nil)
    }
}
