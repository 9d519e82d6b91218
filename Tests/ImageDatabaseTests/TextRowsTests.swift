import Testing

@testable import ImageDatabase

struct TextRowsTests {
    private static let postgreSQL: any SQLDialect = PostgresDialect()
    private static let sqlite: any SQLDialect = SQLiteDialect()

    private func decode(_ text: String, _ columns: Int, _ dialect: any SQLDialect) -> [String?]? {
        Array(text.utf8).withUnsafeBufferPointer { dialect.decodeTextRows($0, columns: columns) }
    }

    @Test func postgreSQLQuotesWhatItMust() {
        let text = #"{{a,b},{"c d",NULL},{"NULL",""},{"{,}","\"\\"},{é,"e\\"}}"#
        #expect(
            decode(text, 2, Self.postgreSQL)
                == ["a", "b", "c d", nil, "NULL", "", "{,}", "\"\\", "é", "e\\"])
        #expect(decode("{}", 2, Self.postgreSQL) == [])
    }

    @Test func sqliteWritesJSON() {
        #expect(decode(#"[["a",null],["NULL","{\"k\": 1}"]]"#, 2, Self.sqlite) == ["a", nil, "NULL", "{\"k\": 1}"])
        #expect(decode("[]", 2, Self.sqlite) == [])
    }

    @Test(arguments: ["", "{", "{{}}", "{{a}", "{{a}}}", "{{a},}", #"{{"a}}"#, #"{{"a\"#, "{a}", "[]"])
    func otherTextsAreNone(text: String) {
        #expect(decode(text, 1, Self.postgreSQL) == nil)
    }

    @Test(arguments: [1, 3]) func rowsOfOtherLengthsAreNone(columns: Int) {
        #expect(decode("{{a,b},{c,d}}", columns, Self.postgreSQL) == nil)
        #expect(decode(#"[["a","b"],["c","d"]]"#, columns, Self.sqlite) == nil)
    }
}
