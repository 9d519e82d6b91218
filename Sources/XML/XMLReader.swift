/// Reads one document from its first byte to its last.
struct XMLReader {
    private let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(XMLError) -> XMLElement {
        skip("\u{FEFF}")
        if starts("<?xml") {
            let declaration = try instruction()
            if let encoding = declaration.firstRange(of: "encoding")?.upperBound {
                let name = declaration[encoding...].drop { " \t\r\n=".contains($0) }.dropFirst()
                    .prefix { $0 != "\"" && $0 != "'" }
                guard ["utf-8", "utf8", "us-ascii"].contains(name.lowercased()) else { throw .unsupported }
            }
        }
        try skipMiscellaneous()
        let root = try tree()
        try skipMiscellaneous()
        guard position == bytes.count else { throw malformed }
        return root
    }

    private var malformed: XMLError { .malformed(at: position) }

    // MARK: Structure

    /// An element from its start tag to its end tag. The stack is a value, not the thread's.
    private mutating func tree() throws(XMLError) -> XMLElement {
        var open: [(element: XMLElement, tag: ArraySlice<UInt8>)] = []
        while true {
            if open.isEmpty || (peek == UInt8(ascii: "<") && !starts("</") && !starts("<!") && !starts("<?")) {
                let (element, tag, isEmpty) = try startTag()
                if isEmpty {
                    guard !open.isEmpty else { return element }
                    open[open.count - 1].element.children.append(element)
                } else {
                    guard open.count < XMLElement.depthLimit else { throw .tooDeep }
                    open.append((element, tag))
                }
            } else if skip("</") {
                guard let (element, tag) = open.popLast(), try rawName() == tag else { throw malformed }
                skipBlanks()
                try require(">")
                guard !open.isEmpty else { return element }
                open[open.count - 1].element.children.append(element)
            } else if skip("<![CDATA[") {
                open[open.count - 1].element.text += try text(upTo: "]]>")
            } else if starts("<!--") {
                try comment()
            } else if starts("<!") {
                throw .unsupported
            } else if starts("<?") {
                _ = try instruction()
            } else {
                open[open.count - 1].element.text += try characters { $0 == UInt8(ascii: "<") }
            }
        }
    }

    private mutating func startTag() throws(XMLError) -> (XMLElement, tag: ArraySlice<UInt8>, isEmpty: Bool) {
        if starts("<!") { throw .unsupported }
        try require("<")
        let tag = try rawName()
        let local = tag.lastIndex(of: UInt8(ascii: ":")).map { tag[($0 + 1)...] } ?? tag
        var element = XMLElement(name: try string(local))
        while true {
            let hadBlank = skipBlanks()
            if skip("/>") { return (element, tag, true) }
            if skip(">") { return (element, tag, false) }
            guard hadBlank else { throw malformed }
            let name = try string(rawName())
            skipBlanks()
            try require("=")
            skipBlanks()
            guard let quote = peek, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw malformed }
            position += 1
            let value = try characters { $0 == quote || $0 == UInt8(ascii: "<") }
            guard peek == quote, element.attributes.updateValue(value, forKey: name) == nil else { throw malformed }
            position += 1
        }
    }

    /// What may stand before and after the outermost element.
    private mutating func skipMiscellaneous() throws(XMLError) {
        while true {
            skipBlanks()
            if starts("<!--") {
                try comment()
            } else if starts("<?") {
                _ = try instruction()
            } else {
                return
            }
        }
    }

    private mutating func comment() throws(XMLError) {
        skip("<!--")
        _ = try text(upTo: "-->")
    }

    private mutating func instruction() throws(XMLError) -> String {
        skip("<?")
        return try text(upTo: "?>")
    }

    // MARK: Characters

    /// Text with references, up to the byte that `ends` it, or to the end of the document.
    private mutating func characters(_ ends: (UInt8) -> Bool) throws(XMLError) -> String {
        var result = ""
        var start = position
        while let byte = peek, !ends(byte) {
            if byte == UInt8(ascii: "&") {
                result += try string(bytes[start..<position])
                result.unicodeScalars.append(try reference())
                start = position
            } else {
                position += 1
            }
        }
        guard position < bytes.count else { throw malformed }
        return result + (try string(bytes[start..<position]))
    }

    /// `&lt;`, `&#65;`, `&#x41;`.
    private mutating func reference() throws(XMLError) -> Unicode.Scalar {
        guard let end = bytes[position...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else { throw malformed }
        let name = try string(bytes[(position + 1)..<end])
        let scalar: Unicode.Scalar? =
            switch name {
            case "lt": "<"
            case "gt": ">"
            case "amp": "&"
            case "quot": "\""
            case "apos": "'"
            case _ where name.hasPrefix("#x"): UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
            case _ where name.hasPrefix("#"): UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init)
            default: nil
            }
        guard let scalar, XMLText.isCharacter(scalar) else { throw malformed }
        position = end + 1
        return scalar
    }

    /// Text up to a mark, which is passed over.
    private mutating func text(upTo mark: StaticString) throws(XMLError) -> String {
        let start = position
        while position < bytes.count {
            if starts(mark) {
                let text = try string(bytes[start..<position])
                skip(mark)
                return text
            }
            position += 1
        }
        throw malformed
    }

    /// A name as it is written. Not every byte that XML forbids in names is refused, but all that could end one.
    private mutating func rawName() throws(XMLError) -> ArraySlice<UInt8> {
        let start = position
        while let byte = peek, Self.isInName(byte) { position += 1 }
        guard start < position, !(UInt8(ascii: "-")...UInt8(ascii: "9")).contains(bytes[start]) else { throw malformed }
        return bytes[start..<position]
    }

    private static func isInName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    /// Bytes as text, with line ends as XML sees them.
    private func string(_ slice: ArraySlice<UInt8>) throws(XMLError) -> String {
        guard let text = String(validating: slice, as: UTF8.self), text.unicodeScalars.allSatisfy(XMLText.isCharacter)
        else { throw .malformed(at: slice.startIndex) }
        guard slice.contains(UInt8(ascii: "\r")) else { return text }
        return text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
    }

    // MARK: Bytes

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func starts(_ mark: StaticString) -> Bool {
        mark.withUTF8Buffer { bytes[position...].starts(with: $0) }
    }

    @discardableResult
    private mutating func skip(_ mark: StaticString) -> Bool {
        guard starts(mark) else { return false }
        position += mark.utf8CodeUnitCount
        return true
    }

    @discardableResult
    private mutating func skipBlanks() -> Bool {
        let start = position
        while let byte = peek, byte == 0x20 || byte == 0x9 || byte == 0xA || byte == 0xD { position += 1 }
        return position > start
    }

    private mutating func require(_ mark: StaticString) throws(XMLError) {
        guard skip(mark) else { throw malformed }
    }
}
