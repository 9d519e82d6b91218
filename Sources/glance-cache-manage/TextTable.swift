/// A table in a frame of characters.
struct TextTable {
    private let header: [String]
    private let numbers: Set<String>
    var rows: [[String]] = []

    /// - Parameter numbers: columns whose values stand at the right.
    init(_ header: [String], numbers: Set<String> = []) {
        self.header = header
        self.numbers = numbers
    }

    var text: String {
        let widths = header.indices.map { column in
            ([header] + rows).reduce(0) { max($0, $1[column].count) }
        }
        let rule = "+" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "+") + "+"
        let lines = rows.map { line($0, widths) }
        return ([rule, line(header, widths), rule] + lines + [rule]).joined(separator: "\n")
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = zip(zip(cells, widths), header).map { cell, name in
            let space = cell.1 - cell.0.count
            let left = numbers.contains(name) ? space : space / 2
            return String(repeating: " ", count: left) + cell.0 + String(repeating: " ", count: space - left)
        }
        return "| " + padded.joined(separator: " | ") + " |"
    }
}
