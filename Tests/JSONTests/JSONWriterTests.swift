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
