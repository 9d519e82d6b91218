/// Takes apart the text of a two-dimensional array of texts (PostgreSQL documentation, "Array Input and Output Syntax").
struct PostgresArrayParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The cells of all rows, one row after the other. Nil when the bytes are nothing of the kind, or a row has not so many
    /// columns.
    mutating func cells(columns: Int) -> [String?]? {
        guard take("{") else { return nil }
        var cells: [String?] = []
        if !take("}") {
            repeat {
                guard readRow(columns, into: &cells) else { return nil }
            } while take(",")
            guard take("}") else { return nil }
        }
        return position == bytes.count ? cells : nil
    }

    private mutating func readRow(_ columns: Int, into cells: inout [String?]) -> Bool {
        guard take("{") else { return false }
        let end = cells.count + columns
        repeat {
            guard cells.count < end, let cell = take("\"") ? quoted() : plain() else { return false }
            cells.append(cell)
        } while take(",")
        return cells.count == end && take("}")
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// A cell without quotes. Null is the only word that stands for something else; the text of that name has quotes.
    private mutating func plain() -> String?? {
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: ","), bytes[position] != UInt8(ascii: "}") {
            position += 1
        }
        if position == start { return nil }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        return .some(text == "NULL" ? nil : text)
    }

    /// The rest of a cell after its first quote.
    private mutating func quoted() -> String?? {
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") { return escaped(from: start) }
            position += 1
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        return take("\"") ? .some(text) : nil
    }

    /// The same for a cell with backslashes: what follows one stands for itself.
    private mutating func escaped(from start: Int) -> String?? {
        var text = Array(bytes[start..<position])
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") { position += 1 }
            guard position < bytes.count else { return nil }
            text.append(bytes[position])
            position += 1
        }
        return take("\"") ? .some(String(decoding: text, as: UTF8.self)) : nil
    }
}
