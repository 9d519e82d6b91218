import Testing

@testable import OsloConfig

@Suite struct OptionParsingTests {
    private func declaration(_ type: OptionType, choices: [String] = [], min: Int? = nil, max: Int? = nil)
        -> OptionDeclaration
    {
        Option<String>(
            .honoured, "g", "o", default: "x", type: type, choices: choices, minimum: min, maximum: max, help: ""
        ).declaration
    }

    @Test(arguments: [
        (OptionType.boolean, "Yes", StoredValue.boolean(true)), (.boolean, "OFF", .boolean(false)),
        (.integer, " 010 ", .integer(10)), (.integer, "-3", .integer(-3)), (.float, "0.5", .float(0.5)),
        (.port, "9292", .integer(9292)),
        (.host, "::1", .string("::1")), (.host, "glance-api.example_net", .string("glance-api.example_net")),
        (.uri, "http://h:1/p", .string("http://h:1/p")),
        (.byteCount, "10 GB", .integer(10 << 30)), (.byteCount, "7", .integer(7)), (.byteCount, "1kb", .integer(1024)),
        (.fileMode, "0640", .integer(0o640)),
        (.list(.string, bounded: false), " a, b ,,c,", .list(["a", "b", "", "c"])),
        (.list(.string, bounded: false), "", .list([])),
        (.list(.string, bounded: false), "'a,b'", .list(["'a", "b'"])),
        (.list(.string, bounded: true), "[a, 'b,c', \"d\"]", .list(["a", "b,c", "d"])),
        (.list(.string, bounded: true), "[]", .list([])),
        (.list(.integer, bounded: true), "[80, 443]", .integers([80, 443])),
        (.dictionary, "fast:rbd, cheap : file:x", .dictionary(["fast": "rbd", "cheap": "file:x"])),
        (.dictionary, "", .dictionary([:])),
    ])
    func goodValues(type: OptionType, text: String, value: StoredValue) throws {
        #expect(try declaration(type).parse(text) == value)
    }

    @Test(arguments: [
        (OptionType.boolean, "maybe", "is neither true nor false"), (.boolean, "", "is neither true nor false"),
        (.integer, "1.5", "is not a whole number"), (.integer, "99999999999999999999", "does not fit into 64 bits"),
        (.float, "x", "is not a number"), (.float, "nan", "is not a number"),
        (.port, "65536", "is too large"), (.port, "-1", "is too small"),
        (.host, "a b", "is neither an IP address nor a host name"),
        (.host, "1.2.3.400", "is neither an IP address nor a host name"),
        (.host, "", "is neither an IP address nor a host name"),
        (.uri, "localhost:80", "is not a URI with scheme and host"),
        (.byteCount, "10 PB", "has an unknown unit"), (.byteCount, "GB", "does not begin with a whole number"),
        (.byteCount, "9223372036854775807 TB", "does not fit into 64 bits"),
        (.fileMode, "0980", "is not a file mode in octal digits"),
        (.list(.string, bounded: true), "a,b", "does not start with ["),
        (.list(.string, bounded: true), "[a,b", "does not end with ]"),
        (.list(.string, bounded: true), "['a]", "has a quote that is not closed"),
        (.list(.integer, bounded: true), "[a]", "is not a whole number"),
        (.dictionary, "a", "has an item without a colon"), (.dictionary, ":b", "has an item without a key"),
        (.dictionary, "a:1,a:2", "has the key a twice"),
    ])
    func badValues(type: OptionType, text: String, reason: String) throws {
        let error = #expect(throws: ValueError.self) { try declaration(type).parse(text) }
        #expect(error?.reason == reason)
    }

    @Test func anEmptyNumberIsUnset() throws {
        #expect(try declaration(.integer).parse(" ") == nil)
        #expect(try declaration(.port).parse("") == nil)
    }

    @Test func choicesMatchWithoutCaseAndYieldTheDeclaredSpelling() throws {
        let option = declaration(.string, choices: ["sqlite", "xattr"])
        #expect(try option.parse("SQLite") == .string("sqlite"))
        #expect(throws: ValueError.self) { try option.parse("mysql") }
        #expect(option.allowed == "one of sqlite, xattr")
    }

    @Test func boundsAreInclusive() throws {
        let option = declaration(.integer, min: 1, max: 3)
        #expect(try option.parse("1") == .integer(1))
        #expect(try option.parse("3") == .integer(3))
        #expect(throws: ValueError.self) { try option.parse("0") }
        #expect(throws: ValueError.self) { try option.parse("4") }
        #expect(option.allowed == "a whole number from 1 to 3")
    }
}
