import Testing

@testable import ImageDatabase

struct TextRowsTests {
    private static let postgreSQL: any SQLDialect = PostgresDialect()
    private static let sqlite: any SQLDialect = SQLiteDialect()

    private func decode(_ text: String, _ dialect: any SQLDialect) -> [[String?]]? {
        Array(text.utf8).withUnsafeBufferPointer { dialect.decodeTextRows($0) }
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
