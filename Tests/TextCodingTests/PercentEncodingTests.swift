import Testing
import TextCoding

@Suite struct PercentEncodingTests {
    @Test(arguments: [
        ("plain", "plain"), ("a%20b+c", "a b+c"), ("%C3%bc", "ü"), ("100%", "100%"), ("%4", "%4"), ("%zz%41", "%zzA"),
        ("%+5", "%+5"), ("%00", nil), ("%ff", nil), ("ü", "ü"),
    ])
    func decodes(text: String, decoded: String?) {
        #expect(PercentEncoding.decode(text.utf8) == decoded)
        #expect(PercentEncoding.decode(Array(text.utf8)[...]) == decoded)
    }

    @Test func aPlusIsABlankInAQuery() {
        #expect(PercentEncoding.decode("a+b%2B".utf8, plusIsBlank: true) == "a b+")
        #expect(PercentEncoding.encode("a b+", blankIsPlus: true) == "a+b%2B")
    }

    @Test func bytesMayBeAnything() {
        #expect(PercentEncoding.bytes("%00%ffa".utf8) == [0, 0xff, 0x61])
    }

    @Test func encodesAllButUnreserved() {
        #expect(PercentEncoding.encode("aZ09-._~ /?%ü") == "aZ09-._~%20%2F%3F%25%C3%BC")
    }

    @Test(arguments: [
        ("/a b?c=d&e", "/a%20b?c=d&e"), ("/%41%zz", "/%41%25zz"), ("/ü\"#", "/%C3%BC%22%23"), ("/100%", "/100%25"),
    ])
    func encodesWhatNoPathHolds(text: String, encoded: String) {
        #expect(PercentEncoding.encode(pathAndQuery: text) == encoded)
    }
}
