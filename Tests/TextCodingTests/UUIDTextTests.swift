import Foundation
import Testing
import TextCoding

@Suite struct UUIDTextTests {
    @Test func randomOnesAreValidAndDifferent() {
        let texts = Set((0..<1000).map { _ in UUIDText.random() })
        #expect(texts.count == 1000)
        for text in texts {
            #expect(UUIDText.isValid(text))
            #expect(UUID(uuidString: text) != nil)
            #expect(Array(text)[14] == "4")
            #expect("89ab".contains(Array(text)[19]))
        }
    }

    @Test func aPrefixStandsBeforeIt() {
        let text = UUIDText.random(prefix: "req-")
        #expect(text.hasPrefix("req-") && UUIDText.isValid(String(text.dropFirst(4))))
    }

    @Test(arguments: [
        "", "x", "71c675ab-d94f-49cd-a114-e12490b328d", "71c675ab-d94f-49cd-a114-e12490b328dg",
        "71c675abd94f-49cd-a114-e12490b328d99",
    ])
    func refuses(text: String) {
        #expect(!UUIDText.isValid(text))
    }
}
