import ImageModel
import Testing

@testable import ImageDatabase

@Suite struct JSONTextTests {
    @Test(arguments: [
        (#"{"store": "fast"}"#, JSONValue.object(["store": "fast"])),
        (
            #" [1, -2, 2.5, true, false, null, "", {}, []] "#,
            .array([1, -2, .number(2.5), true, false, .null, "", .object([:]), .array([])])
        ),
        (#"{"a": "\u00e9\ud83d\udcbf\"\\\/\n\t"}"#, .object(["a": "é\u{1F4BF}\"\\/\n\t"])),
        ("\"\u{1F4BF}é\"", "\u{1F4BF}é"), ("9223372036854775807", .integer(.max)), ("1e400", .null),
    ])
    func `reads JSON`(text: String, value: JSONValue) {
        #expect(JSONText.parse(text) == (text == "1e400" ? nil : value))
    }

    @Test(arguments: ["", "{", "{\"a\"}", "[1,]", "nul", "\"\n\"", "\"\\x\"", "1 2", "--1", "{\"a\":1,}", "\"\\u12\""])
    func `refuses what is not JSON`(text: String) { #expect(JSONText.parse(text) == nil) }

    @Test func `refuses what is nested without end`() {
        #expect(JSONText.parse(String(repeating: "[", count: 100_000)) == nil)
    }

    @Test func `writes as Python does`() {
        let value = JSONValue.object(["b": .array([1, .null, true]), "a": "é\u{1F4BF}\"\n\u{1}"])
        let text = #"{"a": "\u00e9\ud83d\udcbf\"\n\u0001", "b": [1, null, true]}"#
        #expect(JSONText.write(value) == text)
        #expect(JSONText.parse(text) == value)
    }
}
