import ImageModel
import Testing
import TextCoding

@testable import ImageAPI

@Suite struct FilterExpressionTests {
    @Test(arguments: [
        ("active", "eq", "active"), ("eq:a:b", "eq", "a:b"), ("in:a,b", "in", "a,b"), (":x", "", "x"),
        ("gt:", "gt", ""),
        ("2026-01-01T00:00:00Z", "eq", "2026-01-01T00:00:00Z"), ("", "eq", ""),
    ])
    func parts(text: String, operation: String, operand: String) {
        let expression = FilterExpression(text)
        #expect(expression.operator == operation)
        #expect(expression.operand == operand)
    }

    @Test(
        arguments: [
            ("", []), ("a", ["a"]), ("a,b", ["a", "b"]), ("a,b,", ["a", "b"]), (",a", ["", "a"]),
            ("a,,b", ["a", "", "b"]),
            (#""a,b",c"#, ["a,b", "c"]), (#"c,"a,b""#, ["c", "a,b"]), (#""""#, [""]), (#""a\"b""#, [#"a"b"#]),
            (#""a\\b""#, [#"a\b"#]), (#""a\b""#, [#"a\b"#]), (#"a\b"#, [#"a\b"#]), ("ä,ö", ["ä", "ö"]),
            (" a , b ", [" a ", " b "]),
        ] as [(String, [String])])
    func lists(text: String, expected: [String]) throws {
        #expect(try FilterExpression.list(text) == expected)
    }

    @Test(arguments: [#""a"#, #"a"b""#, #""a"b"#, #""a"b,c"#, #"a,b"c"#, #""a\""#])
    func badQuoting(text: String) {
        let error = #expect(throws: APIError.self) { try FilterExpression.list(text) }
        #expect(error?.status == .badRequest)
    }

    @Test func textFilters() throws {
        #expect(try FilterExpression("in:a,b").textFilter(.name) == .oneOf(.name, ["a", "b"]))
        #expect(try FilterExpression("eq:a").textFilter(.status) == .oneOf(.status, ["a"]))
        for refused in ["neq:a", "gt:a", ":a", "foo:bar", "IN:a"] {
            #expect(throws: APIError.self) { try FilterExpression(refused).textFilter(.name) }
        }
    }

    @Test func timeFilters() throws {
        let time = try #require(Timestamp("2026-01-01T00:00:00Z"))
        for (name, comparison) in [
            ("", ImageQuery.Comparison.equal), ("eq:", .equal), ("neq:", .notEqual), ("gt:", .greater),
            ("gte:", .greaterOrEqual), ("lt:", .less), ("lte:", .lessOrEqual),
        ] {
            let filter = try FilterExpression(name + "2026-01-01T00:00:00Z").timeFilter(.createdAt)
            #expect(filter == .time(.createdAt, comparison, time))
        }
        for refused in ["in:2026-01-01T00:00:00Z", "gt:", "gt:yesterday", "yesterday", "gt:2026-13-01", ""] {
            #expect(throws: APIError.self) { try FilterExpression(refused).timeFilter(.updatedAt) }
        }
    }
}
