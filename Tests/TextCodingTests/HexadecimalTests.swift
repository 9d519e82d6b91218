import Testing
import TextCoding

@Suite struct HexadecimalTests {
    @Test func writesTwoDigitsForEachByte() {
        #expect(Hexadecimal.text([0, 0x0f, 0xa5, 0xff]) == "000fa5ff")
        #expect(Hexadecimal.text([]) == "")
    }

    @Test(arguments: [
        ("09afAF", true), ("09afA", false), ("09afAg", false), ("09af\u{ff21}", false), ("+9afAF", false),
    ])
    func knowsDigits(text: String, isValid: Bool) {
        #expect(Hexadecimal.isValid(text, digits: 6) == isValid)
    }
}
