import Testing
import XML

@Suite struct XMLElementTests {
    private func read(_ text: String) throws -> XMLElement { try XMLElement(document: text.utf8) }

    @Test func readsWhatServersAnswer() throws {
        let envelope = try read(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- before --><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">
            <soapenv:Body><answer xmlns="urn:vim25"><val type="Task" xsi:type='ManagedObjectReference'>task-1</val>
            <val/><val a = "1 &lt; 2" /></answer></soapenv:Body>
            </soapenv:Envelope><!-- after --><?pi?>

            """)
        #expect(envelope.name == "Envelope")
        let values = try #require(envelope["Body"]?["answer"]).all("val")
        #expect(values.map(\.text) == ["task-1", "", ""])
        #expect(
            values.map(\.attributes) == [
                ["type": "Task", "xsi:type": "ManagedObjectReference"], [:], ["a": "1 < 2"],
            ])
        #expect(envelope["Body"]?["nothing"] == nil)
    }

    @Test(arguments: [
        ("<a>&amp;&lt;&gt;&quot;&apos;</a>", "&<>\"'"), ("<a>&#65;&#x42;&#x1F600;</a>", "AB\u{1F600}"),
        ("<a>x<![CDATA[<b>&amp;]]>y</a>", "x<b>&amp;y"), ("<a>one<!-- - -->two<?x y?></a>", "onetwo"),
        ("<a>one\r\ntwo\rthree</a>", "one\ntwo\nthree"), ("\u{FEFF}<a>ä€</a>", "ä€"), ("<a >x</a\n>", "x"),
        ("<?xml version='1.0' encoding='utf-8'?><a>x</a>", "x"),
    ])
    func readsText(_ document: String, _ text: String) throws {
        #expect(try read(document).text == text)
    }

    @Test(arguments: [
        "", "x", "<", "<a", "<a>", "<a></b>", "<a></a", "</a>", "<a></a><b/>", "<a></a>x", "<a b></a>", "<a b=c/>",
        "<a b='1' b='2'/>", "<a b='1'c='2'/>", "<a b='<'/>", "<a>&amp</a>", "<a>&lol;</a>", "<a>&#0;</a>",
        "<a>&#xD800;</a>", "<a>&#x110000;</a>", "<a>\u{1}</a>", "<a><![CDATA[</a>", "<a><!-- </a>", "<1/>", "<a b='1/>",
        "<a:b></c:b>", "< a/>",
    ])
    func refusesWhatIsNotWellFormed(_ document: String) {
        let error = #expect(throws: XMLError.self) { try read(document) }
        guard case .malformed = error else {
            Issue.record("\(document): \(String(describing: error))")
            return
        }
    }

    @Test func refusesBytesThatAreNoText() {
        #expect(throws: XMLError.malformed(at: 3)) {
            try XMLElement(document: Array("<a>".utf8) + [0xFF] + "</a>".utf8)
        }
    }

    /// No document type, so no entities that grow ("billion laughs"), and none that name files or servers.
    @Test(arguments: [
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<a><!ENTITY x \"y\"></a>", "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>",
    ])
    func knowsNoDocumentTypes(_ document: String) {
        #expect(throws: XMLError.unsupported) { try read(document) }
    }

    @Test func limitsDepth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        _ = try read(nested(XMLElement.depthLimit))
        #expect(throws: XMLError.tooDeep) { try read(nested(XMLElement.depthLimit + 1)) }
        #expect(throws: XMLError.tooDeep) { try read(String(repeating: "<a>", count: 100_000)) }
    }

    @Test func readsWhatWasEscaped() throws {
        let text = "a&b<c>d\"e'f\rg\nh\ti ]]> ä \u{1F600}"
        let element = try read("<a b=\"\(XMLText.escape(text))\">\(XMLText.escape(text))</a>")
        #expect(element.text == text)
        #expect(element.attributes["b"] == text)
        #expect(XMLText.escape("a\u{0}b\u{FFFE}c") == "abc")
    }
}
