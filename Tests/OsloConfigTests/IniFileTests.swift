import Testing

@testable import OsloConfig

@Suite struct IniFileTests {
    @Test(arguments: [
        ("a = b", ["G/a=b"]),
        ("a: b", ["G/a=b"]),
        ("a = b:c=d", ["G/a=b:c=d"]),
        ("a: b=c", ["G/a=b=c"]),
        ("a=b # c", ["G/a=b # c"]),
        ("# a = b\n; c = d", []),
        ("a = \"x \"", ["G/a=x "]),
        ("a = 'x'", ["G/a=x"]),
        ("a = 'x\"", ["G/a='x\""]),
        ("a = ''", ["G/a="]),
        ("a = \"", ["G/a="]),
        ("a =", ["G/a="]),
        ("a = b\n  c\n\td", ["G/a=b\nc\nd"]),
        ("a = b\n\n  ", ["G/a=b"]),
        ("a = b\n  # c", ["G/a=b\n# c"]),
        ("a = 1\na = 2", ["G/a=1", "G/a=2"]),
        ("a = b\r\nc = d\r", ["G/a=b", "G/c=d"]),
        ("a = ü", ["G/a=ü"]),
    ])
    func values(text: String, expected: [String]) throws {
        #expect(try IniFile(text: "[G]\n" + text).pairs == expected.map { $0.replacing("G/", with: "g/") })
    }

    @Test func groupNamesMatchWithoutCaseExceptDefault() throws {
        let file = try IniFile(text: "[DEFAULT]\na=1\n[Default]\na=2\n[DataBase]\na=3")
        #expect(file.pairs == ["DEFAULT/a=1", "default/a=2", "database/a=3"])
        #expect(file.sections.map(\.line) == [1, 3, 5])
    }

    @Test(arguments: [
        ("a = b", "test.conf:1: option 'a' stands before the first [section]"),
        ("[g]\nnonsense", "test.conf:2: expected 'option = value', a [section] or a comment"),
        ("[g]\n= b", "test.conf:2: there is no option name before the ="),
        ("[g", "test.conf:1: a section must end with ]"),
        ("[g] # c", "test.conf:1: a section must end with ]"),
        ("\n[]", "test.conf:2: a section needs a name between [ and ]"),
        ("[g]\n  b", "test.conf:2: this indented line continues nothing"),
        ("[g]\na = b\n\n  c", "test.conf:4: this indented line continues nothing"),
        ("[g]\na = b\n# c\n  d", "test.conf:4: this indented line continues nothing"),
    ])
    func errorsNameFileAndLine(text: String, message: String) {
        #expect(throws: ConfigurationError(message)) { try IniFile(text: text) }
    }

    @Test func aFileThatIsNotUTF8IsRefused() {
        #expect(throws: ConfigurationError("x.conf:2: this line is not UTF-8")) {
            try IniFile(path: "x.conf", bytes: Array("[g]\na = ".utf8) + [0xff])
        }
    }

    @Test func aMissingFileIsRefusedWithTheSystemsReason() {
        #expect(throws: ConfigurationError("cannot open configuration file /nowhere/x.conf: No such file or directory"))
        {
            try IniFile.read("/nowhere/x.conf")
        }
    }
}
