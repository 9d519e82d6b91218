/// Rows as bars: for each row ours and the peer's, in proportion to the longer of both, with their values.
struct Chart: Sendable {
    let title: String
    let rows: [Row]

    private static let width = 860
    /// Where bars begin, and how long the longest is.
    private static let (left, length) = (330, 390)
    private static let rowHeight = 50

    var svg: String {
        let height = 56 + rows.count * Self.rowHeight
        let bars = rows.enumerated().map { bar($1, y: 44 + $0 * Self.rowHeight) }.joined(separator: "\n")
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.width) \(height)" width="\(Self.width)" \
            height="\(height)" font-family="sans-serif" font-size="12" fill="#222">
            <rect width="100%" height="100%" fill="#fff"/>
            <text x="12" y="24" font-size="15" font-weight="bold">\(Self.escaped(title))</text>
            \(bars)
            </svg>

            """
    }

    private func bar(_ row: Row, y: Int) -> String {
        let longest = max(row.ours, row.peer)
        func line(_ value: Double, _ name: String, _ color: String, _ y: Int) -> String {
            let width = longest > 0 ? max(1, Int(Double(Self.length) * value / longest)) : 1
            let label = Self.escaped("\(Row.text(value)) \(row.unit)  \(name)")
            // Inside of a long bar, behind a short one.
            let isInside = width > Self.length / 2
            return """
                <rect x="\(Self.left)" y="\(y)" width="\(width)" height="17" fill="\(color)"/>
                <text x="\(Self.left + (isInside ? 6 : width + 6))" y="\(y + 13)"\
                \(isInside ? " fill=\"#fff\"" : "")>\(label)</text>
                """
        }
        let color = row.isHeld == false ? "#b3261e" : "#1a6b45"
        let ratio = "× \(Row.text(row.ratio))" + (row.isHeld.map { $0 ? " ✓" : " ✗" } ?? "")
        return """
            <text x="\(Self.left - 8)" y="\(y + 21)" text-anchor="end">\(Self.escaped(row.workload))</text>
            \(line(row.ours, "ours", color, y))
            \(line(row.peer, row.peerName, "#6b7280", y + 18))
            <text x="\(Self.left + Self.length + 12)" y="\(y + 22)" font-weight="bold" fill="\(color)">\(ratio)</text>
            """
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
