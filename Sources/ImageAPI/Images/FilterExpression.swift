import ImageModel
import TextCoding

/// The value of a list filter, which may begin with an operator: `active`, `eq:active`, `in:a,"b,c"`, `gte:2026-01-01`.
///
/// Source: Images API v2, "List images", and the API working group's guideline on filtering.
struct FilterExpression: Equatable {
    /// What stands before the colon; `eq` when there is no colon.
    var `operator`: String
    var operand: String

    /// - Parameter text: a time without operator is not cut at its colons.
    init(_ text: String) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), Timestamp(text) == nil else {
            (self.operator, operand) = ("eq", text)
            return
        }
        (self.operator, operand) = (String(text[..<colon]), String(text[text.utf8.index(after: colon)...]))
    }

    /// The filter of a text column: `eq` or `in`.
    ///
    /// - Throws: ``APIError`` 400 for other operators and for wrong quoting.
    func textFilter(_ column: ImageQuery.Column) throws(APIError) -> ImageQuery.Filter {
        switch self.operator {
        case "eq": return .oneOf(column, [operand])
        case "in": return .oneOf(column, try Self.list(operand))
        default: throw unknownOperator
        }
    }

    /// The filter of a column with times: any comparison.
    ///
    /// - Throws: ``APIError`` 400 for other operators and for what is not a time.
    func timeFilter(_ column: ImageQuery.Column) throws(APIError) -> ImageQuery.Filter {
        guard let comparison = ImageQuery.Comparison(rawValue: self.operator) else { throw unknownOperator }
        guard let time = Timestamp(operand) else {
            throw .badRequest("Filter '\(column.rawValue)' needs a time in ISO 8601 notation.")
        }
        return .time(column, comparison, time)
    }

    private var unknownOperator: APIError {
        .badRequest("Unable to filter by unknown operator '\(self.operator)'.")
    }

    /// Values of `in:`, separated by commas. A value may be quoted; then it can hold commas, and `\"` and `\\`.
    ///
    /// - Throws: ``APIError`` 400 when quotes do not enclose whole values.
    static func list(_ text: String) throws(APIError) -> [String] {
        var values: [String] = []
        var rest = text.utf8[...]
        while let first = rest.first {
            if first == UInt8(ascii: "\"") {
                values.append(try quotedValue(&rest))
                guard rest.isEmpty || rest.first == UInt8(ascii: ",") else {
                    throw .badRequest("Invalid filter value: a comma must follow a closing quotation mark.")
                }
            } else {
                let value = rest.prefix { $0 != UInt8(ascii: ",") }
                guard !value.contains(UInt8(ascii: "\"")) else {
                    throw .badRequest("Invalid filter value: a comma must precede an opening quotation mark.")
                }
                rest = rest.dropFirst(value.count)
                values.append(String(Substring(value)))
            }
            // The comma after a value belongs to it; what follows a last one is nothing.
            rest = rest.dropFirst()
        }
        return values
    }

    private static func quotedValue(_ rest: inout Substring.UTF8View) throws(APIError) -> String {
        var value: [UInt8] = []
        rest.removeFirst()
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
            case UInt8(ascii: "\\"):
                if let next = rest.first, next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\") {
                    value.append(next)
                    rest.removeFirst()
                } else {
                    value.append(byte)
                }
            default: value.append(byte)
            }
        }
        throw .badRequest("Invalid filter value: a quotation mark is not closed.")
    }
}
