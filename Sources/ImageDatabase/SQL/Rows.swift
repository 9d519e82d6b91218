import CLibpq
import Glibc
import TextCoding

/// The result of one statement: cells of text, decoded straight from the driver's memory.
struct Rows: Sendable {
    private enum Storage: Sendable {
        case libpq(LibpqResult)
        case cells(CellBuffer)
    }

    private let storage: Storage
    /// Number of rows returned.
    let count: Int
    /// Number of rows that the statement returned or changed.
    let affected: Int

    init(_ result: LibpqResult) {
        storage = .libpq(result)
        count = result.rowCount
        affected = result.affectedRows
    }

    init(_ cells: CellBuffer, affected: Int) {
        storage = .cells(cells)
        count = cells.rowCount
        self.affected = affected
    }

    /// Calls `body` with the bytes of one cell, nil for null.
    @inline(__always)
    func withCell<Value>(_ row: Int, _ column: Int, _ body: (UnsafeBufferPointer<UInt8>?) -> Value) -> Value {
        switch storage {
        case .libpq(let result): result.withCell(row, column, body)
        case .cells(let cells): cells.withCell(row, column, body)
        }
    }

    subscript(row: Int) -> Row { Row(rows: self, index: row) }

    /// The first cell of every row.
    func firstColumn() -> [String] {
        (0..<count).compactMap { self[$0].text(0) }
    }
}

/// One row of a result.
struct Row {
    let rows: Rows
    let index: Int

    func isNull(_ column: Int) -> Bool {
        rows.withCell(index, column) { $0 == nil }
    }

    func text(_ column: Int) -> String? {
        rows.withCell(index, column) { $0.map { String(decoding: $0, as: UTF8.self) } }
    }

    /// Whether a column has exactly the bytes of a text.
    func holds(_ text: String, _ column: Int) -> Bool {
        var text = text
        return text.withUTF8 { text in
            rows.withCell(index, column) { bytes in
                guard let bytes, bytes.count == text.count else { return false }
                guard let first = bytes.baseAddress, let second = text.baseAddress else { return true }
                return memcmp(first, second, bytes.count) == 0
            }
        }
    }

    func integer(_ column: Int) throws(DatabaseError) -> Int64? {
        let parsed: (isNull: Bool, value: Int64?) = rows.withCell(index, column) { bytes in
            guard let bytes else { return (true, nil) }
            return (false, Self.decimal(bytes))
        }
        if parsed.isNull { return nil }
        guard let value = parsed.value else { throw unreadable(column) }
        return value
    }

    /// `t`/`f` of PostgreSQL, `1`/`0` of SQLite; null is false.
    func bool(_ column: Int) -> Bool {
        rows.withCell(index, column) { bytes in
            bytes?.first == UInt8(ascii: "t") || bytes?.first == UInt8(ascii: "1")
        }
    }

    func time(_ column: Int) throws(DatabaseError) -> Timestamp? {
        let parsed: (isNull: Bool, time: Timestamp?) = rows.withCell(index, column) { bytes in
            bytes.map { (false, Timestamp(database: $0)) } ?? (true, nil)
        }
        if parsed.isNull { return nil }
        guard let time = parsed.time else { throw unreadable(column) }
        return time
    }

    /// A column that the schema declares NOT NULL.
    func required<Value>(_ value: Value?, _ column: Int) throws(DatabaseError) -> Value {
        guard let value else { throw unreadable(column) }
        return value
    }

    func unreadable(_ column: Int) -> DatabaseError {
        .statement(code: "decode", message: "column \(column + 1) holds a value that Glance's schema does not know")
    }

    private static func decimal(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
        var digits = bytes[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative { digits = digits.dropFirst() }
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (difference, second) = product.subtractingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
            if overflow || second { return nil }
            value = difference
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }
}

/// A result in libpq's memory.
///
/// `@unchecked Sendable`: libpq never changes a finished PGresult, and reading one is thread-safe (libpq documentation,
/// "Behavior in Threaded Programs").
final class LibpqResult: @unchecked Sendable {
    private let result: OpaquePointer

    /// Takes the ownership of `result`.
    init(_ result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }

    var rowCount: Int { Int(PQntuples(result)) }

    var affectedRows: Int {
        PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    }

    /// A field of an error report, by its one-letter code (PostgreSQL, "Error and Notice Message Fields").
    func errorField(_ code: Unicode.Scalar) -> String? {
        PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
    }

    func withCell<Value>(_ row: Int, _ column: Int, _ body: (UnsafeBufferPointer<UInt8>?) -> Value) -> Value {
        let (row, column) = (Int32(row), Int32(column))
        guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else {
            return body(nil)
        }
        let length = Int(PQgetlength(result, row, column))
        return value.withMemoryRebound(to: UInt8.self, capacity: length) {
            body(UnsafeBufferPointer(start: $0, count: length))
        }
    }
}

/// Rows copied out of a database that hands out one row at a time.
struct CellBuffer: Sendable {
    let columnCount: Int
    private(set) var rowCount = 0
    private var bytes: [UInt8] = []
    /// Where each cell ends in `bytes`; negative (the complement) for a null.
    private var ends: [Int] = []

    init(columnCount: Int) { self.columnCount = columnCount }

    mutating func append(_ cell: UnsafeBufferPointer<UInt8>?) {
        if let cell {
            bytes.append(contentsOf: cell)
            ends.append(bytes.count)
        } else {
            ends.append(~bytes.count)
        }
    }

    mutating func endRow() { rowCount += 1 }

    func withCell<Value>(_ row: Int, _ column: Int, _ body: (UnsafeBufferPointer<UInt8>?) -> Value) -> Value {
        let cell = row * columnCount + column
        let end = ends[cell]
        if end < 0 { return body(nil) }
        let previous = cell == 0 ? 0 : ends[cell - 1]
        let start = previous < 0 ? ~previous : previous
        return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[start..<end])) }
    }
}
