import Testing

@testable import ImageDatabase

struct TextRowsTests {
    private static let postgreSQL = SQLDialect(name: .postgreSQL, nullsAreSmallest: false)
    private static let sqlite = SQLDialect(name: .sqlite, nullsAreSmallest: true)

    private func decode(_ text: String, _ dialect: SQLDialect) -> [[String?]]? {
        Array(text.utf8).withUnsafeBufferPointer { TextRows.decode($0, dialect) }
    }

    @Test func postgreSQLQuotesWhatItMust() {
        let text = #"{{a,b},{"c d",NULL},{"NULL",""},{"{,}","\"\\"},{é,"e\\"}}"#
        #expect(
            decode(text, Self.postgreSQL)
                == [["a", "b"], ["c d", nil], ["NULL", ""], ["{,}", "\"\\"], ["é", "e\\"]])
        #expect(decode("{}", Self.postgreSQL) == [])
    }

    @Test func sqliteWritesJSON() {
        #expect(decode(#"[["a",null],["NULL","{\"k\": 1}"]]"#, Self.sqlite) == [["a", nil], ["NULL", "{\"k\": 1}"]])
        #expect(decode("[]", Self.sqlite) == [])
    }

    @Test(arguments: ["", "{", "{{}}", "{{a}", "{{a}}}", "{{a},}", #"{{"a}}"#, #"{{"a\"#, "{a}", "[]"])
    func otherTextsAreNone(text: String) {
        #expect(decode(text, Self.postgreSQL) == nil)
    }
}
