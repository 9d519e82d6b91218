import JSON
import Testing

struct JSONParsingTests {
    @Test(
        arguments: [
            ("null", JSONValue.null), ("true", true), (" false ", false), ("0", 0), ("-0", 0), ("-12", -12),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1.5", .number(1.5)), ("1e3", .number(1000)),
            ("-2.5E-1", .number(-0.25)), (#""""#, ""), (#""a\n\t\"\\\/\b\f\r""#, "a\n\t\"\\/\u{8}\u{c}\r"),
            (#""\u00fc\ud83d\ude00""#, "ü😀"), (#""ü😀""#, "ü😀"), ("[]", []), ("[1, [2], {}]", [1, [2], [:]]),
            (#"{"a": 1, "b": {"c": null}}"#, ["a": 1, "b": ["c": .null]]), (#"{"a": 1, "a": 2}"#, ["a": 2]),
            ("\t\r\n [ 1 ,\n2 ] ", [1, 2]),
        ] as [(String, JSONValue)])
    func readsDocuments(text: String, expected: JSONValue) throws {
        #expect(try JSONValue.parse(text) == expected)
    }

    @Test(arguments: [
        "", " ", "nul", "tru", "True", "+1", "01", "-", "1.", ".5", "1e", "1e+", "0x10", "NaN", "Infinity", "1 2",
        "[1,]",
        "[,]", "[1 2]", "[", "]", "{", "}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "{a:1}", "{1:1}", #"""#, #""\x""#,
        #""\u12""#, #""\u12g4""#, #""\ud800""#, #""\ud800\u0041""#, #""\udc00""#, "\"a\nb\"", "'a'", "1e999",
        "\u{FEFF}1",
        "// a\n1",
    ])
    func refusesEverythingElse(text: String) {
        #expect(throws: JSONParsingError.self) { try JSONValue.parse(text) }
    }

    @Test func refusesInvalidUTF8() {
        for bytes in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0x5C, 0x6E, 0xED, 0xA0, 0x80, 0x22]]
            as [[UInt8]]
        {
            #expect(throws: JSONParsingError.self) { try JSONValue.parse(bytes) }
        }
    }

    @Test func limitsDepth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue.parse(nested(JSONValue.maximumDepth))
        #expect(throws: JSONParsingError.self) { try JSONValue.parse(nested(JSONValue.maximumDepth + 1)) }
        #expect(throws: JSONParsingError.self) { try JSONValue.parse(String(repeating: "[", count: 1_000_000)) }
    }

    @Test func namesThePlaceOfAMistake() throws {
        let error = try #require(throws: JSONParsingError.self) { try JSONValue.parse("[1 2]") }
        #expect(error.description == "expected ',' or ']' at byte 3")
    }

    /// Whatever arrives, the parser answers: a document or an error.
    @Test func neverTrapsOnAnything() {
        var generator = SeededGenerator(seed: 42)
        let alphabet = Array(#"{}[]":,\0123456789.eE+-tfnulrasdU \/"#.utf8) + [0xF0, 0x9F, 0x98, 0x80, 0xFF, 0x00]
        var documents = 0
        for _ in 0..<50_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                alphabet[Int.random(in: alphabet.indices, using: &generator)]
            }
            if let value = try? JSONValue.parse(bytes) {
                documents += 1
                #expect((try? JSONValue.parse(JSONWriter.text(of: value))) == value)
            }
        }
        #expect(documents > 0)
    }

    @Test func readsWhatTheWriterWrites() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let value = JSONValue.random(depth: 4, using: &generator)
            #expect(try JSONValue.parse(JSONWriter.text(of: value)) == value)
        }
    }

    /// A document that loses or changes one byte is still answered.
    @Test func survivesDamagedDocuments() throws {
        var generator = SeededGenerator(seed: 99)
        for _ in 0..<2000 {
            var bytes = Array(JSONWriter.text(of: .random(depth: 3, using: &generator)).utf8)
            bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            if let value = try? JSONValue.parse(bytes) {
                #expect(try JSONValue.parse(JSONWriter.text(of: value)) == value)
            }
            _ = try? JSONValue.parse(bytes.dropLast(Int.random(in: 0...bytes.count, using: &generator)))
        }
    }
}

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

extension JSONValue {
    static func random(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0...(depth == 0 ? 4 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .integer(Int64.random(in: Int64.min...Int64.max, using: &generator))
        case 3: return .number(Double.random(in: -1e18...1e18, using: &generator) + 0.5)
        case 4: return .string(randomText(using: &generator))
        case 5:
            return .array(
                (0..<Int.random(in: 0...4, using: &generator)).map { _ in .random(depth: depth - 1, using: &generator) }
            )
        default:
            var members: [String: JSONValue] = [:]
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                members[randomText(using: &generator)] = .random(depth: depth - 1, using: &generator)
            }
            return .object(members)
        }
    }

    private static func randomText(using generator: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...12, using: &generator) {
            let limits: [UInt32] = [0x7F, 0x7FF, 0xFFFF, 0x10FFFF]
            let limit = limits[Int.random(in: 0...3, using: &generator)]
            if let scalar = Unicode.Scalar(UInt32.random(in: 0...limit, using: &generator)) {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
