import Testing

@testable import Identity

@Suite struct JSONTextTests {
    @Test(arguments: [
        (#"{"a":{"b":[1,"]",{"c":"}"}]}}"#, ["a", "b"], #"[1,"]",{"c":"}"}]"#),
        (#" {"x" : "\"a\\" , "a" : { "z":null , "b" : true } }"#, ["a", "b"], "true "),
        (#"{"a":"text"}"#, ["a"], #""text""#), (#"{"b":{"a":1},"a":-2.5e3}"#, ["a"], "-2.5e3"),
        (#"{"a":1}"#, ["b"], nil), (#"{"a":1}"#, ["a", "b"], nil), ("[1]", ["a"], nil), ("{}", ["a"], nil),
    ])
    func finds(json: String, path: [String], member: String?) {
        let leading = Array(json.utf8.drop { $0 == 0x20 })
        #expect(JSONText.member(path, of: leading) == member)
    }

    @Test func survivesWhatIsNoJSON() {
        let text = Array(#"{"a":{"b":[1,"\u00e9\"",{"c":"}"}]}}"#.utf8)
        for start in 0..<text.count {
            for end in start...text.count { _ = JSONText.member(["a", "b"], of: Array(text[start..<end])) }
        }
    }
}
