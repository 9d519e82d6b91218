import Foundation
import Testing

@testable import ImageDatabase

@Suite struct DialectTests {
    private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources/ImageDatabase")

    /// Words of one database's SQL, which only its dialect and driver may use.
    private static let words = [
        "ON CONFLICT", "excluded.", "CAST(", "::text", "::bigint", "FOR UPDATE", "RETURNING", "ILIKE", "ARRAY[",
        "json_group", "pg_",
        "pragma_", "sqlite_", "to_regclass", "(VALUES ",
    ]

    @Test func onlyDialectsAndDriversUseADatabasesOwnWords() throws {
        let files = try #require(FileManager.default.enumerator(at: Self.sources, includingPropertiesForKeys: nil))
        var count = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            let folder = file.deletingLastPathComponent().lastPathComponent
            if ["Dialect", "PostgreSQL", "SQLite"].contains(folder) { continue }
            count += 1
            let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            for line in lines where !line.drop(while: { $0 == " " }).hasPrefix("//") {
                for word in Self.words {
                    #expect(!line.contains(word), "\(file.lastPathComponent): \(line)")
                }
            }
        }
        #expect(count > 30)
    }

    @Test func rowsOfOneColumnAreAListOfSeveralATable() {
        let dialect: any SQLDialect = SQLiteDialect()
        #expect(dialect.isOneOf(["a"], [["$1"], ["$2"]]) == "a IN ($1, $2)")
        #expect(dialect.isOneOf(["a", "b"], [["$1", "$2"]]) == "(a, b) = ($1, $2)")
        #expect(
            dialect.isOneOf(["a", "b"], [["$1", "$2"], ["$3", "$4"]]) == "(a, b) IN (VALUES ($1, $2), ($3, $4))")
    }
}
