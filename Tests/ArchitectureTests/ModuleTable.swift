import Foundation

/// The table of modules in `docs/architecture.md`.
struct ModuleTable {
    struct Row {
        /// Usually one; those of a row stand on one level.
        var modules: [String]
        var mayKnow: Set<String>
    }

    let rows: [Row]

    init() throws {
        let text = try String(
            contentsOf: Manifest.root.appending(path: "docs/architecture.md"), encoding: .utf8)
        rows = text.split(separator: "\n").drop { !$0.hasPrefix("| module |") }.prefix { $0.hasPrefix("|") }.dropFirst(
            2
        )
        .map { line in
            let cells = line.split(separator: "|").map { cell in
                cell.matches(of: /`([^`]+)`/).map { String($0.output.1) }
            }
            return Row(modules: cells.first ?? [], mayKnow: Set(cells.last ?? []))
        }
    }
}
