import JSON
import Testing

struct JSONWriterTests {
    /// Expected texts are what Python's `json.dumps` prints for the same values.
    @Test(
        arguments: [
            (JSONValue.string("plain"), #""plain""#), ("ü", #""\u00fc""#), ("😀", #""\ud83d\ude00""#),
            ("a\"b\\c/\n\r\t\u{8}\u{c}\u{1}", #""a\"b\\c/\n\r\t\b\f\u0001""#), ("\u{7f}", "\"\u{7f}\""),
            (.number(1), "1.0"),
            (.number(0.1), "0.1"), (.number(1e16), "1e+16"), (.number(1e-5), "1e-05"), (.integer(-5), "-5"),
            ([], "[]"), ([:], "{}"), ([1, .null, true], "[1, null, true]"),
            (["b": [1], "a": ["x": false]], #"{"a": {"x": false}, "b": [1]}"#), (.number(.infinity), "null"),
        ] as [(JSONValue, String)])
    func writesLikePython(value: JSONValue, expected: String) {
        #expect(JSONWriter.text(of: value) == expected)
    }

    /// Strings are looked at in words: whatever stands anywhere in one must be found.
    @Test(arguments: [
        ("\"", #"\""#), ("\\", #"\\"#), ("\u{1f}", #"\u001f"#), ("\u{7f}", "\u{7f}"), ("é", #"\u00e9"#), ("~", "~"),
    ])
    func escapesAtEveryPlace(character: String, escaped: String) {
        for count in 0..<20 {
            for place in 0...count {
                let (before, after) = (
                    String(repeating: " ", count: place), String(repeating: "}", count: count - place)
                )
                #expect(JSONWriter.text(of: .string(before + character + after)) == "\"\(before)\(escaped)\(after)\"")
            }
        }
    }

    @Test func writesIntegersOfAnySize() {
        var writer = JSONWriter()
        writer.array { writer in
            for value in [0, 9, -10, .max, .min] as [Int64] { writer.integer(value) }
            writer.integer(UInt64.max)
            writer.integer(UInt8(7))
        }
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == "[0, 9, -10, 9223372036854775807, -9223372036854775808, 18446744073709551615, 7]")
    }

    @Test func separatesFieldsOfEveryKind() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("text", "a")
            writer.field("missing", nil as String?)
            writer.field("size", 5 as Int64?)
            writer.field("none", nil as Int?)
            writer.field("flag", true)
            writer.field("tags") { $0.array(["x", "y"]) }
            writer.field("empty") { $0.object { _ in } }
            writer.field("document", JSONValue.array([1]))
            writer.field("list") { writer in
                writer.array { writer in
                    writer.integer(1)
                    writer.object { $0.field("a", 1) }
                }
            }
        }
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"text": "a", "missing": null, "size": 5, "none": null, "flag": true, "tags": ["x", "y"], "empty": {}, "#
                + #""document": [1], "list": [1, {"a": 1}]}"#)
    }
}
